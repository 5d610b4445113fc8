"""Kinesis on the laptop: shards split and merge while records flow, and who reads them all misses none."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from laptop_rig import Cloud, eventually

from laptop.shards import ShardCursor, shard_ids

FIRST = "shardId-000000000000"
MIDDLE = str(2**127)


@pytest.fixture
def stream(cloud: Cloud, unique: str) -> str:
    cloud.client("kinesis").create_stream(StreamName=unique, ShardCount=1)
    return unique


def write(cloud: Cloud, stream: str, names: range) -> list[str]:
    """Write a record a name; return the shards that took them."""
    records = [{"Data": str(name).encode(), "PartitionKey": str(name)} for name in names]
    answer = cloud.client("kinesis").put_records(StreamName=stream, Records=records)
    return [taken["ShardId"] for taken in answer["Records"]]


def split(cloud: Cloud, stream: str, shard: str = FIRST) -> None:
    cloud.client("kinesis").split_shard(StreamName=stream, ShardToSplit=shard, NewStartingHashKey=MIDDLE)


def cursor(cloud: Cloud, stream: str, shard: str) -> ShardCursor:
    return ShardCursor(cloud.client("kinesis"), stream=stream, shard=shard, after=None)


def held(cloud: Cloud, stream: str, shard: str) -> list[str]:
    return [record.data.decode() for record in cursor(cloud, stream, shard).read(10_000)]


def test_a_split_shard_keeps_its_records_and_takes_no_more(cloud: Cloud, stream: str) -> None:
    """Its children share its keys, and begin empty: nothing is read twice."""
    write(cloud, stream, range(20))
    split(cloud, stream)
    taken = write(cloud, stream, range(20, 60))
    assert held(cloud, stream, FIRST) == [str(name) for name in range(20)]
    children = shard_ids(cloud.client("kinesis"), stream)[1:]
    assert set(taken) == set(children)
    found = [name for child in children for name in held(cloud, stream, child)]
    assert sorted(found, key=int) == [str(name) for name in range(20, 60)]


def test_a_closed_shard_ends_when_it_has_been_read_and_not_before(cloud: Cloud, stream: str) -> None:
    """Who reads it learns so that there is nothing more to wait for."""
    write(cloud, stream, range(3))
    reading = cursor(cloud, stream, FIRST)
    assert len(reading.read(2)) == 2
    split(cloud, stream)
    assert not reading.ended
    assert len(reading.read(2)) == 1
    assert reading.ended


def test_an_empty_shard_ends_with_its_first_read_after_it_was_closed(cloud: Cloud, stream: str) -> None:
    reading = cursor(cloud, stream, FIRST)
    reading.read(10)
    assert not reading.ended
    split(cloud, stream)
    reading.read(10)
    assert reading.ended


def test_merged_shards_are_followed_by_one_that_takes_the_keys_of_both(cloud: Cloud, stream: str) -> None:
    """It names both as its parents, as on AWS."""
    split(cloud, stream)
    before = write(cloud, stream, range(40))
    low, high = shard_ids(cloud.client("kinesis"), stream)[1:]
    cloud.client("kinesis").merge_shards(StreamName=stream, ShardToMerge=low, AdjacentShardToMerge=high)
    assert len(set(write(cloud, stream, range(40, 80)))) == 1
    assert len(held(cloud, stream, low)) + len(held(cloud, stream, high)) == len(before)
    merged = cloud.client("kinesis").list_shards(StreamName=stream)["Shards"][-1]
    assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (low, high)


def test_records_written_while_shards_change_are_all_there_once(cloud: Cloud, stream: str) -> None:
    """A write that meets a shard being closed goes to its child."""
    with ThreadPoolExecutor(max_workers=4) as writers:
        writing = [writers.submit(write, cloud, stream, range(begin, begin + 50)) for begin in range(0, 2_000, 50)]
        eventually(lambda: any(each.done() for each in writing))
        split(cloud, stream)
        for each in writing:
            each.result()
    found = Counter(name for shard in shard_ids(cloud.client("kinesis"), stream) for name in held(cloud, stream, shard))
    assert found == Counter(str(name) for name in range(2_000))
