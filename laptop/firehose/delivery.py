"""Delivers one shard to S3: buffers by size and time, puts an object, then keeps how far it is.

What is about to be put is kept first. After a kill the very same range is put again under the same name, so that
nothing is lost and nothing is there twice.
"""

import gzip
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from laptop.checkpoints import Checkpoint
from laptop.firehose.prefixes import object_name, prefix_at
from laptop.shards import Record, ShardCursor

_PAUSE_SECONDS = 1.0
_READ_LIMIT = 5_000


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where and how a delivery stream delivers, as its description says."""

    stream: str
    version: str
    source: str
    bucket: str
    prefix: str
    suffix: str
    compressed: bool
    delimiter: bytes
    buffer_seconds: float
    buffer_bytes: int


def destination(description: dict[str, Any]) -> Destination:
    """Read the description of a delivery stream that has a Kinesis source and an S3 destination."""
    s3 = description["Destinations"][0]["ExtendedS3DestinationDescription"]
    source = description["Source"]["KinesisStreamSourceDescription"]["KinesisStreamARN"]
    hints = s3.get("BufferingHints", {})
    compressed = s3.get("CompressionFormat", "UNCOMPRESSED") == "GZIP"
    return Destination(
        stream=description["DeliveryStreamName"],
        version=description["VersionId"],
        source=source.rpartition("/")[2],
        bucket=s3["BucketARN"].rpartition(":")[2],
        prefix=s3.get("Prefix", ""),
        suffix=s3.get("FileExtension") or (".gz" if compressed else ""),
        compressed=compressed,
        delimiter=_delimiter(s3.get("ProcessingConfiguration", {})),
        buffer_seconds=float(hints.get("IntervalInSeconds", 300)),
        buffer_bytes=int(hints.get("SizeInMBs", 5)) * 1024**2,
    )


def _delimiter(processing: dict[str, Any]) -> bytes:
    if not processing.get("Enabled"):
        return b""
    for processor in processing.get("Processors", []):
        if processor["Type"] == "AppendDelimiterToRecord":
            parameters = {item["ParameterName"]: item["ParameterValue"] for item in processor.get("Parameters", [])}
            return str(parameters.get("Delimiter", "\\n")).replace("\\n", "\n").encode()
        raise ValueError(f"the laptop's Firehose does not run the processor {processor['Type']}")
    return b""


class ShardDelivery:
    """The delivery of one shard of one delivery stream."""

    def __init__(self, target: Destination, *, kinesis: Any, s3: Any, shard: str, checkpoint: Checkpoint) -> None:
        self._target = target
        self._s3 = s3
        self._shard = shard
        self._checkpoint = checkpoint
        kept = checkpoint.load()
        self._done: str | None = kept.get("done")
        self._intent: str | None = kept.get("intent")
        self._cursor = ShardCursor(kinesis, stream=target.source, shard=shard, after=self._done)
        self._read: deque[Record] = deque()
        self._buffer: list[Record] = []
        self._bytes = 0
        self._since = 0.0

    def run(self, end: threading.Event) -> None:
        """Deliver until told to end; what is in the buffer then is read again by the next run."""
        while not end.is_set() and not (self._cursor.ended and not self._buffer and not self._read):
            try:
                idle = not self.step()
            except (ClientError, BotoCoreError):
                idle = True  # S3 or Kinesis refuse or are gone: try for as long as it takes, as Firehose does
            if idle:
                end.wait(_PAUSE_SECONDS)

    def step(self) -> bool:
        """Read once and put what is due; return whether there was anything to read."""
        if not (self._read or self._cursor.ended or self._due()):
            self._read.extend(self._cursor.read(_READ_LIMIT))
        found = bool(self._read)
        self._put_full_objects()
        if self._due():
            self._flush()
        return found

    def _put_full_objects(self) -> None:
        """Take all that was read; what S3 refuses is put again as it was, before anything is added to it."""
        while True:
            if self._full():
                self._flush()
            if not self._read:
                return
            record = self._read.popleft()
            if not self._buffer:
                self._since = time.monotonic()
            self._buffer.append(record)
            self._bytes += len(record.data)

    def _full(self) -> bool:
        """Return: the buffer ends with the last record of the object."""
        if not self._buffer:
            return False
        if self._intent is not None:  # put again exactly what the last run was about to put
            return self._buffer[-1].sequence == self._intent
        return self._bytes >= self._target.buffer_bytes

    def _due(self) -> bool:
        if not self._buffer or self._intent is not None:
            return False
        return self._cursor.ended or time.monotonic() - self._since >= self._target.buffer_seconds

    def _flush(self) -> None:
        first, last = self._buffer[0], self._buffer[-1]
        self._checkpoint.keep(done=self._done, intent=last.sequence)
        body = b"".join(record.data + self._target.delimiter for record in self._buffer)
        self._s3.put_object(
            Bucket=self._target.bucket,
            Key=self._key(first, last),
            Body=gzip.compress(body, 6, mtime=0) if self._target.compressed else body,
            ContentType="application/octet-stream",
        )
        self._checkpoint.keep(done=last.sequence)
        self._done, self._intent = last.sequence, None
        self._buffer, self._bytes = [], 0

    def _key(self, first: Record, last: Record) -> str:
        name = object_name(
            self._target.stream,
            version=self._target.version,
            arrived_at=first.arrived_at,
            shard=self._shard,
            first=first.sequence,
            last=last.sequence,
        )
        return prefix_at(self._target.prefix, arrived_at=first.arrived_at) + name + self._target.suffix
