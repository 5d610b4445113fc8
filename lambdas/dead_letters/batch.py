"""The records of a dead letter, read again: from the stream as long as it keeps them, then from their archive."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from commerce.incident import Incident, parse
from lambdas.dead_letters.letter import Letter
from lambdas.kinesis import ARCHIVED

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import RecordTypeDef
    from mypy_boto3_s3 import S3Client

HOUR = timedelta(hours=1)
FORGOTTEN = ("ResourceNotFoundException", "InvalidArgumentException")


class ForgottenError(Exception):
    """Records of the letter are neither in the stream nor in the archive; the message says what to do."""


class ArchiveError(Exception):
    """An object of the archive that cannot be read; the message names it."""


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
    """Reads the incidents that were delivered to the raw bucket in a letter's hours.

    The archive knows no sequence numbers, so this is all of these hours: the responder knows again what it has
    answered. Tallies are left out, because their metrics would be counted again. Nor can it be told whether the
    letter's own records are among them: they may lie below the error prefix, or be yet to be delivered.

    Every call raises ArchiveError, and the client's errors.
    """

    client: "S3Client"
    bucket: str
    prefix: str = "raw/incidents/"

    def records(self, letter: Letter) -> list[StreamRecord]:
        """Return one record an incident, numbered in their order.

        Raises ForgottenError where there are fewer lines, of whatever kind, than the letter names records.
        """
        lines = [line for key in self._keys(letter) for line in self._lines(key)]
        if len(lines) < letter.records:
            raise ForgottenError(
                f"the archive has {len(lines)} lines of its hours, and it names {letter.records} records: see that "
                f"{self.bucket} is the raw bucket, and that {self.prefix} has been delivered"
            )
        incidents = filter(_is_incident, lines)
        return [
            StreamRecord(sequence=str(number), partition_key=ARCHIVED, data=line, arrived_at=letter.arrived_from)
            for number, line in enumerate(incidents, start=1)
        ]

    def _keys(self, letter: Letter) -> Iterator[str]:
        # An object begun in one hour may hold records of the next; and Firehose may have got a record an hour later.
        hour = letter.arrived_from.replace(minute=0, second=0, microsecond=0) - HOUR
        pages = self.client.get_paginator("list_objects_v2")
        while hour <= letter.arrived_until + HOUR:
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{hour:%Y/%m/%d/%H}/"):
                yield from (found["Key"] for found in page.get("Contents", []))
            hour += HOUR

    def _lines(self, key: str) -> list[bytes]:
        stored = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        try:
            content = gzip.decompress(stored)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArchiveError(f"{key} is no gzip file, or not all of one: {error}") from error
        lines = content.split(b"\n")
        return lines if lines[-1] else lines[:-1]  # an empty one in between is what was erased of a user


def _is_incident(line: bytes) -> bool:
    try:
        return isinstance(parse(line), Incident)
    except ValueError:
        return False  # it is among the lake's rejects, with its bytes


def _within(record: "RecordTypeDef", letter: Letter) -> bool:
    return int(letter.first_sequence) <= int(record["SequenceNumber"]) <= int(letter.last_sequence)


def _record(found: "RecordTypeDef") -> StreamRecord:
    return StreamRecord(
        sequence=found["SequenceNumber"],
        partition_key=found["PartitionKey"],
        data=bytes(found["Data"]),
        arrived_at=found["ApproximateArrivalTimestamp"],
    )
