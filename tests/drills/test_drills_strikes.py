"""What is done to shards: however often they are split and merged, every key is taken by one of them."""

import pytest
from drills_rig import Cloud

from drills.strikes import _keys, _merge, _split, _taking
from laptop.network import client


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
