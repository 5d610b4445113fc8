"""A stream that is read again from its beginning is asked for what is new alone, and reads the same."""

from dataclasses import dataclass, field
from typing import Any

from drills.read_once import RecordsOnce
from laptop.shards import ShardCursor


@dataclass
class Shard:
    """A Kinesis client of one shard, that counts what it gives."""

    held: list[str]
    ended: bool = False
    given: list[str] = field(default_factory=list)

    def get_shard_iterator(self, **_: str) -> dict[str, str]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        place = int(ShardIterator)
        found = self.held[place : place + Limit]
        self.given += found
        here = place + len(found)
        after = None if self.ended and here == len(self.held) else str(here)
        return {"Records": [_record(name) for name in found], "NextShardIterator": after}


def _record(name: str) -> dict[str, Any]:
    return {"SequenceNumber": name, "PartitionKey": name, "Data": name.encode(), "ApproximateArrivalTimestamp": None}


def read(kinesis: Any, *, limit: int) -> list[str]:
    cursor = ShardCursor(kinesis, stream="events", shard="shard-0", after=None)
    found: list[str] = []
    while records := cursor.read(limit):
        found += [record.sequence for record in records]
    return found


def test_each_record_is_asked_for_once_and_seen_each_time():
    """Whoever comes later sees what has come meanwhile, also of a shard that has ended since."""
    shard = Shard(["a", "b", "c"])
    once = RecordsOnce(shard)
    assert read(once, limit=2) == ["a", "b", "c"]
    shard.held += ["d"]
    assert read(once, limit=3) == ["a", "b", "c", "d"]
    shard.held += ["e"]
    shard.ended = True
    assert read(once, limit=100) == read(once, limit=1) == ["a", "b", "c", "d", "e"]
    assert shard.given == ["a", "b", "c", "d", "e"]
