"""The records of a dead letter, read again: from the stream as long as it keeps them, then from their archive."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from commerce.incident import Incident, parse
from lambdas.dead_letters.letter import Letter

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import RecordTypeDef
    from mypy_boto3_s3 import S3Client

HOUR = timedelta(hours=1)
FORGOTTEN = ("ResourceNotFoundException", "InvalidArgumentException")


@dataclass(frozen=True, kw_only=True)
class StreamRecord:
    """One record; `arrived_at` is when it reached the stream, as far as is known."""

    sequence: str
    partition_key: str
    data: bytes
    arrived_at: datetime


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Reads a letter's records from the stream. Raises the client's errors."""

    client: "KinesisClient"

    def records(self, letter: Letter) -> list[StreamRecord]:
        """Return the records that the stream still has, in order; of a shard that is gone there are none."""
        try:
            return [_record(found) for found in self._read(letter) if _within(found, letter)]
        except ClientError as error:
            if error.response["Error"]["Code"] not in FORGOTTEN:
                raise
            return []

    def _read(self, letter: Letter) -> Iterator["RecordTypeDef"]:
        iterator: str | None = self.client.get_shard_iterator(
            StreamARN=letter.stream_arn,
            ShardId=letter.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=letter.first_sequence,
        )["ShardIterator"]
        while iterator:
            answer = self.client.get_records(ShardIterator=iterator, StreamARN=letter.stream_arn, Limit=1_000)
            yield from answer["Records"]
            last = answer["Records"][-1]["SequenceNumber"] if answer["Records"] else "0"
            caught_up = not answer["Records"] and not answer.get("MillisBehindLatest")
            iterator = None if caught_up or int(last) >= int(letter.last_sequence) else answer.get("NextShardIterator")


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Reads the incidents that were delivered to the raw bucket in a letter's hours. Raises the client's errors.

    The archive knows no sequence numbers, so this is all of these hours: the responder knows again what it has
    answered. Tallies are left out, because their metrics would be counted again.
    """

    client: "S3Client"
    bucket: str
    prefix: str = "raw/incidents/"

    def records(self, letter: Letter) -> list[StreamRecord]:
        """Return one record a line, numbered in their order."""
        lines = [line for key in self._keys(letter) for line in self._incidents(key)]
        return [
            StreamRecord(sequence=str(number), partition_key="archive", data=line, arrived_at=letter.arrived_from)
            for number, line in enumerate(lines, start=1)
        ]

    def _keys(self, letter: Letter) -> Iterator[str]:
        # An object begun in one hour may hold records of the next.
        hour = letter.arrived_from.replace(minute=0, second=0, microsecond=0) - HOUR
        pages = self.client.get_paginator("list_objects_v2")
        while hour <= letter.arrived_until:
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{hour:%Y/%m/%d/%H}/"):
                yield from (found["Key"] for found in page.get("Contents", []))
            hour += HOUR

    def _incidents(self, key: str) -> Iterator[bytes]:
        content = gzip.decompress(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        for line in content.split(b"\n"):
            try:
                if isinstance(parse(line), Incident):
                    yield line
            except ValueError:
                continue  # it is among the lake's rejects, with its bytes


def _within(record: "RecordTypeDef", letter: Letter) -> bool:
    return int(letter.first_sequence) <= int(record["SequenceNumber"]) <= int(letter.last_sequence)


def _record(found: "RecordTypeDef") -> StreamRecord:
    return StreamRecord(
        sequence=found["SequenceNumber"],
        partition_key=found["PartitionKey"],
        data=bytes(found["Data"]),
        arrived_at=found["ApproximateArrivalTimestamp"],
    )
