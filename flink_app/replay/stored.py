"""What the raw bucket holds of some hours: the records that arrived, and the incidents found then."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from commerce.incident import Incident, parse

_HOUR = timedelta(hours=1)
# Firehose names an object after its first record and waits at most so long for the last.
_LONGEST_BUFFER = timedelta(minutes=15)
_SECOND = re.compile(r"\d{4}(-\d{2}){5}(?=-[0-9a-f-]{36})")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The raw bucket, as Firehose fills it: gzip objects of lines, below the hour in which they arrived."""

    bucket: str
    events_prefix: str = "raw/events/"
    incidents_prefix: str = "raw/incidents/"

    def records(self, first: datetime, last: datetime) -> Iterator[tuple[bytes, datetime]]:
        """Yield the records of the objects begun from the hour `first` to the hour `last`, and when they were there.

        That is when the object was stored, after all of them had arrived. One that was written again, because a user
        was erased from it, says no more than its hour. They come as the stream had them, as far as Firehose keeps to
        it: object by object, line by line.
        """
        for line, hour, stored_at in self._lines(self.events_prefix, first, last):
            yield line, min(stored_at, hour + _HOUR + _LONGEST_BUFFER)

    def states(self, first: datetime, last: datetime) -> list[Incident]:
        """Return every state of every incident told of in these hours, as they arrived."""
        told = (parse(line) for line, *_ in self._lines(self.incidents_prefix, first, last))
        return [state for state in told if isinstance(state, Incident)]

    def _lines(self, prefix: str, first: datetime, last: datetime) -> Iterator[tuple[bytes, datetime, datetime]]:
        client = boto3.client("s3")
        for hour in _hours(first, last):
            for entry in self._entries(client, f"{prefix}{hour:%Y/%m/%d/%H}/"):
                content = gzip.decompress(client.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read())
                yield from ((line, hour, entry["LastModified"]) for line in content.split(b"\n") if line.strip())

    def _entries(self, client: Any, prefix: str) -> list[Any]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return sorted((entry for page in pages for entry in page.get("Contents", [])), key=_begun)


def _begun(entry: Any) -> tuple[str, datetime, str]:
    """Order objects as Firehose began them: by the second in the name, and within it by when they were done."""
    second = _SECOND.search(entry["Key"])
    return second.group() if second else "", entry["LastModified"], entry["Key"]


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    hour = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= last:
        yield hour
        hour += _HOUR
