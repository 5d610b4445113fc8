"""What is done to processes and shards: killed, their checkpoints spoilt, upgraded under way; split and merged.

Whatever finds nothing to be done to raises LaptopError: a fault that was not there must not count as one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from drills.catalogue import Strike
from laptop.network import wait_until
from laptop.processes import LaptopError
from laptop.running import Laptop

_MAIN = {Strike.TASK_MANAGER: "TaskManagerRunner", Strike.JOB_MANAGER: "StandaloneSessionClusterEntrypoint"}
_PATIENCE_SECONDS = 180
# The steps of a batch job that write are tenths of a second apart.
_LOOK_SECONDS = 0.005


def strike(what: Strike, laptop: Laptop) -> float:
    """Do it; return when the fault was over, by the monotonic clock: a kill is over at once. Raises LaptopError."""
    match what:
        case Strike.CORRUPT_CHECKPOINT:
            _spoil_newest_checkpoint(laptop.work_dir / "flink" / "checkpoints")
            return _kill_java(_MAIN[Strike.JOB_MANAGER])
        case Strike.UPGRADE:
            return _upgrade(laptop)
        case Strike.SPLIT:
            return _reshard(laptop, _split)
        case Strike.MERGE:
            return _reshard(laptop, _merge)
        case _:
            return _kill_java(_MAIN[what])


def kill_job_run(folder: Path, *, step: str, began: float, seconds: float = 60) -> bool:
    """Kill the process of the batch job's run under way when it says that it is through with a step.

    `folder` is where job runs work and write, `began` the time before the run, in seconds since 1970. Returns whether
    the run still lived: what is left of it after that step may be over before the kill comes.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (process := _working_in(folder)) is not None:
            while process.is_running() and time.monotonic() < deadline:
                if any(step in log.read_text() for log in folder.glob("*.log") if log.stat().st_mtime >= began):
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                        return True
                time.sleep(_LOOK_SECONDS)
            return False
        time.sleep(0.05)
    return False


def _working_in(folder: Path) -> psutil.Process | None:
    """Return the process whose own folder lies in that one."""
    for process in _ours():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                return process
    return None


def _kill_java(main: str) -> float:
    found = [process for process in _ours() if main in _command(process)]
    if not found:
        raise LaptopError(f"there is no {main} to kill")
    for process in found:
        process.kill()
    return time.monotonic()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _ours() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _spoil_newest_checkpoint(folder: Path) -> None:
    """Overwrite the middle of what says which files the newest checkpoint is made of."""
    wait_until(lambda: any(_checkpoints(folder)), seconds=_PATIENCE_SECONDS, what="a checkpoint to spoil")
    newest = max(_checkpoints(folder), key=lambda file: file.stat().st_mtime)
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) // 3] + b"\x00spoilt\x00" + content[len(content) // 2 :])


def _checkpoints(folder: Path) -> Iterator[Path]:
    return folder.glob("*/chk-*/_metadata")


def _upgrade(laptop: Laptop) -> float:
    """Stop the detector through a savepoint and start it again, as an update of its code does."""
    analytics, name = laptop.client("kinesisanalyticsv2"), laptop.outputs["DetectorName"]
    wait_until(lambda: laptop.application_status(name) == "RUNNING", seconds=_PATIENCE_SECONDS, what=name)
    analytics.stop_application(ApplicationName=name)
    wait_until(lambda: laptop.application_status(name) == "READY", seconds=_PATIENCE_SECONDS, what=name)
    analytics.start_application(ApplicationName=name)
    wait_until(lambda: laptop.application_status(name) == "RUNNING", seconds=_PATIENCE_SECONDS, what=name)
    return time.monotonic()


def part_shards(laptop: Laptop) -> None:
    """Split the events stream where it has but one shard: half of all keys then have one that may be idle."""
    kinesis, stream = laptop.client("kinesis"), laptop.outputs["EventsStreamName"]
    if len(_taking(kinesis, stream)) == 1:
        _split(kinesis, stream)


def _reshard(laptop: Laptop, change: Callable[[Any, str], None]) -> float:
    """Change the shards of both streams; return when it was done."""
    for stream in (laptop.outputs["EventsStreamName"], laptop.outputs["IncidentsStreamName"]):
        change(laptop.client("kinesis"), stream)
    return time.monotonic()


def _split(kinesis: Any, stream: str) -> None:
    """Split the shard that takes the most keys in its middle."""
    widest = max(_taking(kinesis, stream), key=lambda shard: _keys(shard)[1] - _keys(shard)[0])
    middle = (sum(_keys(widest)) + 1) // 2
    kinesis.split_shard(StreamName=stream, ShardToSplit=widest["ShardId"], NewStartingHashKey=str(middle))


def _merge(kinesis: Any, stream: str) -> None:
    """Merge the two neighbours that take the fewest keys together; a lone shard has to be split before."""
    if len(_taking(kinesis, stream)) == 1:
        _split(kinesis, stream)
    pairs = pairwise(_taking(kinesis, stream))
    first, second = min(pairs, key=lambda pair: _keys(pair[1])[1] - _keys(pair[0])[0])
    kinesis.merge_shards(StreamName=stream, ShardToMerge=first["ShardId"], AdjacentShardToMerge=second["ShardId"])


def _taking(kinesis: Any, stream: str) -> list[dict[str, Any]]:
    """Return the shards that take records, by the keys they take."""
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    shards = [shard for page in pages for shard in page["Shards"]]
    taking = (shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"])
    return sorted(taking, key=lambda shard: _keys(shard)[0])


def _keys(shard: dict[str, Any]) -> tuple[int, int]:
    """Return the first and the last hash key that the shard takes."""
    taken = shard["HashKeyRange"]
    return int(taken["StartingHashKey"]), int(taken["EndingHashKey"])
