"""Figures read back from the system: from the streams, the raw bucket, the table, the mailbox and the metrics."""

import gzip
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from commerce.incident import Incident, RiskSignal, Tally, parse
from commerce.metrics import METRICS, namespace
from lambdas.respond.mail import RISEN
from laptop.deploy import STAGE
from laptop.running import Laptop
from laptop.shards import ShardCursor, shard_ids

# The last line of an alert, above what the topic puts below it.
_INCIDENT = re.compile(r"^Incident (\S+)\s*$", re.MULTILINE)
# What its subject says: the severity that it tells of, and whether the incident had been told of before.
_TOLD = re.compile(rf": ({RISEN})?(\w+) - ")


@dataclass
class IncidentsStream:
    """Everything on the incidents stream, read once from its beginning and then onward."""

    laptop: Laptop
    states: list[Incident] = field(default_factory=list)
    incidents: dict[str, Incident] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    records: int = 0
    _cursors: dict[str, ShardCursor] = field(default_factory=dict)

    def read(self) -> None:
        """Take what is new. An incident is kept in each of its states, and by its id in the latest."""
        stream = self.laptop.outputs["IncidentsStreamName"]
        kinesis = self.laptop.client("kinesis")
        for shard in shard_ids(kinesis, stream):
            if shard not in self._cursors:
                self._cursors[shard] = ShardCursor(kinesis, stream=stream, shard=shard, after=None)
            while records := self._cursors[shard].read(10_000):
                self.records += len(records)
                for record in records:
                    self._keep(parse(record.data))

    def _keep(self, record: Incident | Tally | RiskSignal) -> None:
        match record:
            case Tally():
                self.tallies[record.tally_id] = record
            case Incident():
                self.states.append(record)
                self.incidents[record.incident_id] = record
            case RiskSignal():
                pass  # about people, and nothing that was planted

    def lines_by_outcome(self) -> Counter[str]:
        """Return what the detector says it did with the lines it read."""
        counts: Counter[str] = Counter()
        for tally in self.tallies.values():
            counts[tally.outcome] += tally.records
        return counts


@dataclass
class RawRecords:
    """The lines below one prefix of the raw bucket; an object is read once. Threads may share it."""

    laptop: Laptop
    prefix: str
    lines: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> None:
        """Count the lines of the objects that are new."""
        s3, bucket = self.laptop.client("s3"), self.laptop.outputs["RawBucketName"]
        with self._lock:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=self.prefix)
            for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
                if key not in self.lines:
                    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                    self.lines[key] = gzip.decompress(body).count(b"\n")

    @property
    def records(self) -> int:
        """How many records they hold."""
        with self._lock:
            return sum(self.lines.values())


def stored_incidents(laptop: Laptop) -> list[dict[str, Any]]:
    """Return the rows of the incidents table."""
    pages = laptop.client("dynamodb").get_paginator("scan").paginate(TableName=laptop.outputs["IncidentsTableName"])
    return [row for page in pages for row in page["Items"]]


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An alert as the subscriber got it: of which incident, how severe, when, and the file that holds it.

    `risen` is true of one about an incident that had been told of before.
    """

    incident_id: str
    severity: str
    risen: bool
    at: datetime
    file: str


def alert_mails(laptop: Laptop) -> Iterator[Mail]:
    """Yield the mails of the alerts topic: the first about each incident, and those that say that one has risen."""
    for file in sorted(laptop.mail.glob("*.eml")):
        if (found := alert_mail(file, topic=laptop.outputs["AlertsTopicArn"])) is not None:
            yield found


def alert_mail(file: Path, *, topic: str) -> Mail | None:
    """Return the alert in a file; None where it is of another topic."""
    mail = message_from_bytes(file.read_bytes(), policy=default)
    if mail["X-Topic-Arn"] != topic:
        return None
    named, told = _INCIDENT.findall(mail.get_content()), _TOLD.search(mail["Subject"])
    return Mail(
        incident_id=named[-1] if named else "",
        severity=told[2] if told else "",
        risen=bool(told and told[1]),
        at=parsedate_to_datetime(mail["Date"]),
        file=file.name,
    )


def alerts(laptop: Laptop) -> int:
    """Return of how many incidents the subscriber of the alerts topic got a mail."""
    return sum(not mail.risen for mail in alert_mails(laptop))


def metrics(laptop: Laptop) -> dict[str, float]:
    """Return the sum of each metric of the catalogue over the last hours, all dimensions together."""
    cloudwatch = laptop.client("cloudwatch")
    now, ours = datetime.now(UTC), namespace(STAGE)
    sums = {metric.name: 0.0 for metric in METRICS}
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=ours)
    # The server lists a metric once for each time it was written.
    known = {_identity(metric) for page in pages for metric in page["Metrics"]}
    for name, dimensions in known:
        answer = cloudwatch.get_metric_statistics(
            Namespace=ours,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions],
            StartTime=now - timedelta(hours=3),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )
        sums[name] += sum(point["Sum"] for point in answer["Datapoints"])
    return sums


def _identity(metric: dict[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    dimensions = sorted((dimension["Name"], dimension["Value"]) for dimension in metric["Dimensions"])
    return metric["MetricName"], tuple(dimensions)
