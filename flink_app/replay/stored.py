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
_SECOND = re.compile(r"\d{4}(-\d{2}){5}(?=-[0-9a-f-]{36})")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The raw bucket, as Firehose fills it: gzip objects of lines, below the hour in which they arrived."""

    bucket: str
    events_prefix: str = "raw/events/"
    incidents_prefix: str = "raw/incidents/"

    def records(self, first: datetime, last: datetime) -> Iterator[tuple[bytes, datetime]]:
        """Yield the records that arrived from the hour `first` to the hour `last`, and the end of their hour.

        They come as the stream had them, as far as Firehose keeps to it: object by object, line by line.
        """
        for line, hour in self._lines(self.events_prefix, first, last):
            yield line, hour + _HOUR

    def states(self, first: datetime, last: datetime) -> list[Incident]:
        """Return every state of every incident told of in these hours, as they arrived."""
        told = (parse(line) for line, _ in self._lines(self.incidents_prefix, first, last))
        return [state for state in told if isinstance(state, Incident)]

    def _lines(self, prefix: str, first: datetime, last: datetime) -> Iterator[tuple[bytes, datetime]]:
        client = boto3.client("s3")
        for hour in _hours(first, last):
            for key in self._keys(client, f"{prefix}{hour:%Y/%m/%d/%H}/"):
                content = gzip.decompress(client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
                yield from ((line, hour) for line in content.split(b"\n") if line.strip())

    def _keys(self, client: Any, prefix: str) -> list[str]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [entry for page in pages for entry in page.get("Contents", [])]
        return [entry["Key"] for entry in sorted(found, key=_begun)]


def _begun(entry: Any) -> tuple[str, datetime, str]:
    """Order objects as Firehose began them: by the second in the name, and within it by when they were done."""
    second = _SECOND.search(entry["Key"])
    return second.group() if second else "", entry["LastModified"], entry["Key"]


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    hour = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour <= last:
        yield hour
        hour += _HOUR
