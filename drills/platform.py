"""One platform under drill: a laptop behind the fault proxy, what it must hold by now, and what it holds."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commerce.arrival import Hours
from drills.comparison import Allowed, Sides
from drills.oracle import Expected, Oracle
from drills.proxy import FaultProxy
from drills.read_once import ObjectsOnce, RecordsOnce
from drills.states import of_lake, of_rows, of_states
from drills.watching import Mailbox
from glue_jobs.raw import RawBucket, records
from laptop.demo.lake import opened_lake
from laptop.demo.readings import IncidentsStream, RawRecords, stored_incidents
from laptop.ledger.balance import Ledger, balance
from laptop.ledger.sides import read_sides
from laptop.ports import free_port
from laptop.running import Laptop, running_laptop
from laptop.shards import ShardCursor, shard_ids


@dataclass
class EventLines:
    """The lines of the events stream, read once and then onward; how often each is there."""

    laptop: Laptop
    lines: Counter[bytes] = field(default_factory=Counter)
    _cursors: dict[str, ShardCursor] = field(default_factory=dict)

    def read(self) -> None:
        """Take what is new."""
        kinesis, stream = self.laptop.client("kinesis"), self.laptop.outputs["EventsStreamName"]
        for shard in shard_ids(kinesis, stream):
            if shard not in self._cursors:
                self._cursors[shard] = ShardCursor(kinesis, stream=stream, shard=shard, after=None)
            while records := self._cursors[shard].read(10_000):
                self.lines.update(record.data for record in records)


@dataclass
class ArchivedLines:
    """The lines of the raw objects of events; an object is read once. How often each line is there."""

    s3: Any
    bucket: str
    prefix: str = "raw/events/"
    lines: Counter[bytes] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    def read(self) -> None:
        """Take the objects that are new."""
        raw = RawBucket(name=self.bucket, s3=self.s3)
        for found in raw.objects(self.prefix):
            if found.key not in self._seen:
                self._seen.add(found.key)
                self.lines.update(line for _, line in records(raw.read(found.key)))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A laptop and everything that is read from it again and again."""

    laptop: Laptop
    proxy: FaultProxy
    oracle: Oracle
    mailbox: Mailbox
    events: EventLines
    incidents: IncidentsStream
    archive: ArchivedLines
    raw_events: RawRecords
    raw_incidents: RawRecords
    streams: RecordsOnce
    expected: list[Expected] = field(default_factory=list)

    def must_hold(self) -> Sides:
        """Return what every side must hold of all schedules so far. Incidents that nobody is told of there are none."""
        return must_hold(self.expected)

    def holds(self) -> Sides:
        """Return what every side holds now."""
        for side in (self.events, self.archive, self.incidents, self.mailbox):
            side.read()
        with opened_lake(self.laptop) as lake:
            events = Counter(str(name) for (name,) in lake.ask("SELECT event_id FROM events").rows)
            rejects = Counter(bytes(line) for (line,) in lake.ask("SELECT line FROM rejects").rows)
            curated = Counter(str(name) for (name,) in lake.ask("SELECT incident_id FROM incidents").rows)
            curated_as = of_lake(lake)
        rows = stored_incidents(self.laptop)
        return Sides(
            lines=self.events.lines,
            archive=self.archive.lines,
            rejects=rejects,
            events=events,
            on_stream=dict.fromkeys(self.incidents.incidents, 1),
            stored=Counter(str(item["incident_id"]["S"]) for item in rows),
            curated=curated,
            told=self.mailbox.told,
            said=of_states(self.incidents.states),
            stored_as=of_rows(rows),
            curated_as=curated_as,
        )

    def allowed(self) -> Allowed:
        """Return what may be there more than once, because nobody who sent it could know that it had arrived."""
        memory = self.proxy.memory
        return Allowed(lines=Counter(memory.written_unconfirmed), told=Counter(memory.told_unconfirmed))

    def told_again(self) -> int:
        """Return how many alerts were sent again because nobody could know that SNS had taken the first."""
        told, risen = self.mailbox.told, self.mailbox.risen
        unconfirmed = self.proxy.memory.told_unconfirmed.items()
        return sum(min(max(0, told[name] - 1) + max(0, risen[name] - 1), times) for name, times in unconfirmed)

    def ledger(self) -> Ledger:
        """Return the laptop's own ledger over everything. What is under way is a difference in it."""
        clients = {"s3": self.archive.s3, "kinesis": self.streams}
        return balance(read_sides(self.laptop, Hours(), clients=clients), None)

    def missing(self) -> str:
        """Return what has not arrived yet, in words; empty where all that is on the streams is in its archive."""
        self.events.read()
        self.incidents.read()
        self.raw_events.read()
        self.raw_incidents.read()
        lines, judged = self.events.lines.total(), self.incidents.lines_by_outcome().total()
        if self.raw_events.records < lines:
            return f"the archive has {self.raw_events.records:,} of {lines:,} records"
        if judged < lines:
            return f"the detector has counted {judged:,} of {lines:,} records"
        if self.raw_incidents.records < self.incidents.records:
            return "the archive of incidents is being written"
        return ""


def must_hold(expected: Sequence[Expected]) -> Sides:
    """Return what every side must hold when all of that has come through."""
    incidents = dict.fromkeys((name for each in expected for name in each.incidents), 1)
    lines = sum((each.lines for each in expected), Counter[bytes]())
    return Sides(
        lines=lines,
        archive=lines,
        rejects=sum((each.rejects for each in expected), Counter[bytes]()),
        events=dict.fromkeys((name for each in expected for name in each.events), 1),
        on_stream=incidents,
        stored=incidents,
        curated=incidents,
        told=incidents,
    )


@contextmanager
def running_platform(*, work_dir: Path, seed: int, progress: Callable[[str], None]) -> Iterator[Platform]:
    """Start the laptop behind a fault proxy that does nothing yet. Raises LaptopError."""
    port = free_port()
    proxy = FaultProxy(target_port=port, seed=f"{seed}/proxy")
    with (
        proxy.serving(),
        running_laptop(work_dir=work_dir, port=port, front_port=proxy.port, progress=progress) as laptop,
    ):
        yield Platform(
            laptop=laptop,
            proxy=proxy,
            oracle=Oracle(arrived_at=datetime.now(UTC)),
            mailbox=Mailbox(laptop.mail, laptop.outputs["AlertsTopicArn"]),
            events=EventLines(laptop),
            incidents=IncidentsStream(laptop),
            archive=ArchivedLines(ObjectsOnce(laptop.client("s3")), laptop.outputs["RawBucketName"]),
            raw_events=RawRecords(laptop, "raw/events/"),
            raw_incidents=RawRecords(laptop, "raw/incidents/"),
            streams=RecordsOnce(laptop.client("kinesis")),
        )
