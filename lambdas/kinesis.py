"""The envelope in which Lambda hands over Kinesis records."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class KinesisRecord:
    """One record: where it stands in its shard, and its bytes."""

    sequence_number: str
    data: bytes

    def lines(self) -> list[bytes]:
        """Return the lines of the record; blank ones are none."""
        return [line for line in self.data.split(b"\n") if line.strip()]


def records(event: Mapping[str, Any]) -> Iterator[KinesisRecord]:
    """Yield the records of a Lambda event of a Kinesis event source mapping."""
    for record in event["Records"]:
        kinesis = record["kinesis"]
        yield KinesisRecord(sequence_number=kinesis["sequenceNumber"], data=base64.b64decode(kinesis["data"]))
