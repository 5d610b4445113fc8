"""AWS clients that read each object and each record once, for a ledger that is balanced after every schedule.

What has been delivered is not written again, and a record of a stream stays as it is.
"""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any


@dataclass
class ObjectsOnce:
    """An S3 client that reads each object once."""

    s3: Any
    _bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def get_paginator(self, name: str) -> Any:
        """Return the client's own."""
        return self.s3.get_paginator(name)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        """Return the object's body, as it was when it was first read."""
        if (Bucket, Key) not in self._bodies:
            self._bodies[Bucket, Key] = self.s3.get_object(Bucket=Bucket, Key=Key)["Body"].read()
        return {"Body": BytesIO(self._bodies[Bucket, Key])}


@dataclass
class _Shard:
    """What has been read of a shard, and where the client goes on: None where the shard has ended."""

    iterator: str | None
    records: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class RecordsOnce:
    """A Kinesis client that gives a shard from its beginning, again and again, and reads each record once."""

    kinesis: Any
    _shards: dict[tuple[str, str], _Shard] = field(default_factory=dict)

    def get_paginator(self, name: str) -> Any:
        """Return the client's own."""
        return self.kinesis.get_paginator(name)

    def get_shard_iterator(self, *, StreamName: str, ShardId: str, ShardIteratorType: str) -> dict[str, str]:
        """Return the beginning of the shard, which is all that anybody asks for."""
        if (StreamName, ShardId) not in self._shards:
            answer = self.kinesis.get_shard_iterator(
                StreamName=StreamName, ShardId=ShardId, ShardIteratorType=ShardIteratorType
            )
            self._shards[StreamName, ShardId] = _Shard(answer["ShardIterator"])
        return {"ShardIterator": f"{StreamName} {ShardId} 0"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        """Return the records from a place of the shard onward, read before or new."""
        stream, shard, text = ShardIterator.split()
        known, place = self._shards[stream, shard], int(text)
        if place == len(known.records) and known.iterator is not None:
            answer = self.kinesis.get_records(ShardIterator=known.iterator, Limit=Limit)
            known.records += answer["Records"]
            known.iterator = answer.get("NextShardIterator")
        found = known.records[place : place + Limit]
        return {"Records": found, "NextShardIterator": f"{stream} {shard} {place + len(found)}"}
