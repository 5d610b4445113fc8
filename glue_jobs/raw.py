"""The raw bucket: what Firehose delivered, by arrival hour, and the bytes in it."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from commerce.arrival import HOUR

_HOUR = re.compile(r"(\d{4}/\d{2}/\d{2}/\d{2})/[^/]+$", re.ASCII)
BLANK = b" \t\r"
# Ordinary events shrink to a tenth or so. A line is more in memory than its bytes: its place, and where it came from.
TIMES_UNPACKED = 16
BYTES_A_LINE = 200


class RawError(RuntimeError):
    """A raw object that cannot be taken; the message names it and says what to do."""


class DamagedObject(RawError):
    """A raw object whose bytes cannot be unpacked, today or tomorrow."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class RawObject:
    """One delivered object. `arrived_at` is the end of the hour of its first record; its last may be minutes later."""

    key: str
    bytes_compressed: int
    arrived_at: datetime


@dataclass(frozen=True, kw_only=True)
class RawBucket:
    """The bucket that raw records are delivered to. Unless given a client it opens one when first used and keeps it."""

    name: str
    s3: Any = field(default=None, repr=False, compare=False)

    def objects(self, prefix: str) -> list[RawObject]:
        """Return every object below the prefix, by key. Raises RawError."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        try:
            found = [self._object(entry) for page in pages for entry in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise RawError(f"the raw bucket {self.name!r} cannot be listed: {' '.join(str(error).split())}") from error
        return sorted(found, key=lambda raw: raw.key)

    def read(self, key: str, *, version_id: str = "") -> bytes:
        """Return the object's content, decompressed, or that of an older version. Raises RawError, DamagedObject."""
        version = {"VersionId": version_id} if version_id else {}
        try:
            body = self._client.get_object(Bucket=self.name, Key=key, **version)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise RawError(f"s3://{self.name}/{key} cannot be read: {' '.join(str(error).split())}") from error
        try:
            return gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            told = f"s3://{self.name}/{key} is no gzip file ({error}): repair it or move it away"
            raise DamagedObject(told, key=key) from error

    def rewrite(self, key: str, content: bytes) -> None:
        """Put other content in the place of an object's."""
        self._client.put_object(Bucket=self.name, Key=key, Body=gzip.compress(content, mtime=0))

    def older_versions(self, prefix: str) -> list[tuple[RawObject, str]]:
        """Return the objects below the prefix as they were before, each with its version: none without versioning."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        versions = [entry for page in pages for entry in page.get("Versions", [])]
        return [(self._object(entry), entry["VersionId"]) for entry in versions if not entry["IsLatest"]]

    def delete_version(self, key: str, version_id: str) -> None:
        """Delete one version of an object for good."""
        self._client.delete_object(Bucket=self.name, Key=key, VersionId=version_id)

    @cached_property
    def _client(self) -> Any:
        return self.s3 or boto3.client("s3")

    def _object(self, entry: Any) -> RawObject:
        hour = _HOUR.search(entry["Key"])
        try:
            ended = datetime.strptime(hour[1], "%Y/%m/%d/%H").replace(tzinfo=UTC) + HOUR if hour else None
        except (ValueError, OverflowError):
            ended = None
        if ended is None:
            raise RawError(f"s3://{self.name}/{entry['Key']} is not below an hour YYYY/MM/DD/HH/: move it away")
        return RawObject(key=entry["Key"], bytes_compressed=entry["Size"], arrived_at=ended)


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Return line number and bytes of each record; blank lines are none."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip(BLANK):
            yield number, line


def batches(objects: Sequence[RawObject], *, megabytes: int) -> Iterator[list[RawObject]]:
    """Return the objects in groups of at most that size, compressed; an object larger than that stands alone."""
    batch: list[RawObject] = []
    size = 0
    for raw in objects:
        if batch and size + raw.bytes_compressed > megabytes * 1_000_000:
            yield batch
            batch, size = [], 0
        batch.append(raw)
        size += raw.bytes_compressed
    if batch:
        yield batch


def together(read: Iterable[tuple[RawObject, bytes]], *, megabytes: int) -> Iterator[tuple[RawObject, bytes]]:
    """Yield the first objects with their content, as many as fit into memory where a batch is of so many megabytes.

    How much a batch is when it is unpacked nobody knows before: the same line over and over shrinks to a hundredth. At
    least one object is yielded, and no more than needed are read.
    """
    room = megabytes * 1_000_000 * TIMES_UNPACKED
    for number, (raw, content) in enumerate(read):
        room -= max(len(content), content.count(b"\n") * BYTES_A_LINE)
        if number and room < 0:
            return
        yield raw, content
