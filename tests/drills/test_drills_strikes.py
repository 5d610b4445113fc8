"""What is done to shards and processes."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drills_rig import Cloud

from drills.strikes import _keys, _kill_java, _merge, _split, _taking, kill_job_run
from drills.traffic import half_of
from laptop.network import client
from laptop.processes import LaptopError


@pytest.mark.parametrize("shards", [1, 2, 5])
def test_split_and_merged_in_any_order_the_shards_take_all_keys(aws: Cloud, unique: str, shards: int) -> None:
    """A platform meets both several times, in an order that the seed deals; a merge may be the first."""
    kinesis = client("kinesis", aws.endpoint_url)
    kinesis.create_stream(StreamName=unique, ShardCount=shards)
    for change, more in ((_merge, -1 if shards > 1 else 0), (_split, 1), (_split, 1), (_merge, -1), (_split, 1)):
        before = len(_taking(kinesis, unique))
        change(kinesis, unique)
        taken = [_keys(shard) for shard in _taking(kinesis, unique)]
        assert len(taken) == before + more
        assert [first for first, _ in taken] == [0, *(last + 1 for _, last in taken[:-1])]
        assert taken[-1][1] == 2**128 - 1


def test_of_halved_shards_each_takes_one_half_of_all_keys(aws: Cloud, unique: str) -> None:
    """The traffic tells by a key's half which shard is idle."""
    kinesis = client("kinesis", aws.endpoint_url)
    kinesis.create_stream(StreamName=unique, ShardCount=1)
    _split(kinesis, unique)
    shards = [shard["ShardId"] for shard in _taking(kinesis, unique)]
    for key in map(str, range(20)):
        put = kinesis.put_record(StreamName=unique, Data=b"1", PartitionKey=key)
        assert put["ShardId"] == shards[half_of(key)]


RUN = """
import os, sys, time
from pathlib import Path
os.chdir(sys.argv[1])
with open("../run.log", "a") as log:
    for step in sys.argv[2:]:
        print(step, file=log, flush=True)
        time.sleep(0.3)
"""


@pytest.mark.parametrize(("step", "killed"), [("b", True), ("never", False)])
def test_a_batch_job_is_killed_after_the_step_and_before_the_next(tmp_path: Path, step: str, killed: bool) -> None:
    """A kill that comes before the first write proves nothing; one that found the run over is no kill."""
    (tmp_path / "run").mkdir()
    (tmp_path / "old.log").write_text("b\nc\n")
    os.utime(tmp_path / "old.log", (1, 1))
    command = [sys.executable, "-c", RUN, str(tmp_path / "run"), "a", "b", "c"]
    began = time.time()
    process = subprocess.Popen(command)
    aside = ThreadPoolExecutor(max_workers=1)
    ended = aside.submit(process.wait)
    assert kill_job_run(tmp_path, step=step, began=began) is killed
    ended.result()
    assert (tmp_path / "run.log").read_text().split() == (["a", "b"] if killed else ["a", "b", "c"])


def test_a_kill_that_meets_no_process_is_no_fault() -> None:
    """The report must not count it."""
    with pytest.raises(LaptopError, match="there is no NothingLikeIt to kill"):
        _kill_java("NothingLikeIt")
