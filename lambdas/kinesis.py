"""The envelope in which Lambda hands over Kinesis records: the functions read it, who sends records again writes it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

# The partition key of a record that comes from the archive. On the stream it is the id of what a record tells of.
ARCHIVED = "archive"


class StoredRecord(Protocol):
    """A record as a stream keeps it."""

    @property
    def sequence(self) -> str:
        """Return the sequence number."""

    @property
    def partition_key(self) -> str:
        """Return the key that chose the shard."""

    @property
    def data(self) -> bytes:
        """Return the record itself."""

    @property
    def arrived_at(self) -> datetime:
        """Return when the stream got it."""


@dataclass(frozen=True, kw_only=True)
class KinesisRecord:
    """One record: where it stands in its shard, its bytes, and the key that chose the shard."""

    sequence_number: str
    data: bytes
    partition_key: str = ""

    @property
    def is_archived(self) -> bool:
        """Whether it comes from the archive, which stores it as the stage's form of addresses wants it."""
        return self.partition_key == ARCHIVED

    def lines(self) -> list[bytes]:
        """Return the lines of the record; blank ones are none."""
        return [line for line in self.data.split(b"\n") if line.strip()]


def records(event: Mapping[str, Any]) -> Iterator[KinesisRecord]:
    """Yield the records of a Lambda event of a Kinesis event source mapping."""
    for record in event["Records"]:
        kinesis = record["kinesis"]
        yield KinesisRecord(
            sequence_number=kinesis["sequenceNumber"],
            data=base64.b64decode(kinesis["data"]),
            partition_key=kinesis["partitionKey"],
        )


def kinesis_event(records: Sequence[StoredRecord], *, shard: str, stream_arn: str, identity_arn: str) -> dict[str, Any]:
    """Return the event with which an event source mapping hands over these records of one shard.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    return {"Records": [_wrapped(record, shard, stream_arn, identity_arn) for record in records]}


def _wrapped(record: StoredRecord, shard: str, stream_arn: str, identity_arn: str) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence,
            "data": base64.b64encode(record.data).decode(),
            "approximateArrivalTimestamp": round(record.arrived_at.timestamp(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record.sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": identity_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }
