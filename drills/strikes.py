"""What is done to processes and shards: killed, their checkpoints spoilt, upgraded under way; split and merged."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from drills.catalogue import Strike
from laptop.network import wait_until
from laptop.running import Laptop

_MAIN = {Strike.TASK_MANAGER: "TaskManagerRunner", Strike.JOB_MANAGER: "StandaloneSessionClusterEntrypoint"}
_UPGRADE_SECONDS = 180


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


def kill_job_run(laptop: Laptop, *, seconds: float = 30) -> bool:
    """Kill the process of the batch job's run under way, somewhere in its work; return whether there was one."""
    folder = str(laptop.work_dir / "glue")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for process in _ours():
            if _works_in(process, folder):
                process.kill()
                return True
        time.sleep(0.05)
    return False


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        return process.cwd().startswith(folder)
    except psutil.Error:
        return False


def _kill_java(main: str) -> float:
    for process in _ours():
        if main in _command(process):
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
    newest = max(folder.glob("*/chk-*/_metadata"), key=lambda file: file.stat().st_mtime, default=None)
    if newest is not None:
        content = newest.read_bytes()
        newest.write_bytes(content[: len(content) // 3] + b"\x00spoilt\x00" + content[len(content) // 2 :])


def _upgrade(laptop: Laptop) -> float:
    """Stop the detector through a savepoint and start it again, as an update of its code does."""
    analytics, name = laptop.client("kinesisanalyticsv2"), laptop.outputs["DetectorName"]
    wait_until(lambda: laptop.application_status(name) == "RUNNING", seconds=_UPGRADE_SECONDS, what=name)
    analytics.stop_application(ApplicationName=name)
    wait_until(lambda: laptop.application_status(name) == "READY", seconds=_UPGRADE_SECONDS, what=name)
    analytics.start_application(ApplicationName=name)
    wait_until(lambda: laptop.application_status(name) == "RUNNING", seconds=_UPGRADE_SECONDS, what=name)
    return time.monotonic()


def _reshard(laptop: Laptop, change: Callable[[Any, str], None]) -> float:
    """Change the shards of both streams; return when it was done."""
    for stream in (laptop.outputs["EventsStreamName"], laptop.outputs["IncidentsStreamName"]):
        change(laptop.client("kinesis"), stream)
    return time.monotonic()


def _split(kinesis: Any, stream: str) -> None:
    """Split the shard that takes the most keys in its middle."""
    widest = max(_taking(kinesis, stream), key=lambda shard: _keys(shard)[1] - _keys(shard)[0])
    middle = sum(_keys(widest)) // 2
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
