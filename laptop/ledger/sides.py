"""What each side has, read from the system: the streams, the raw bucket, the lake, the table and the mailbox.

A side is read once and kept twice: `within` the hours asked for, and `near` them, one hour more at each end. An
object begun in one hour may hold records of the next, so what one side has within is looked for near on the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commerce.arrival import Hours
from commerce.incident import Incident, parse
from glue_jobs.ledger import LakeAccount, LakeLedger
from glue_jobs.raw import RawBucket, records
from lambdas.respond.episode import merged
from lambdas.respond.row import Row, from_item
from laptop.demo.lake import lake_settings, opened_lake
from laptop.demo.readings import Mail, alert_mails, stored_incidents
from laptop.ledger.lines import Lines
from laptop.running import Laptop
from laptop.shards import Record, ShardCursor, shard_ids

_RECORDS_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Held:
    """The lines of one side, and the incidents in them by id: the place of the first record, and all states as one."""

    lines: Lines = field(default_factory=Lines)
    incidents: dict[str, str] = field(default_factory=dict)
    states: dict[str, Incident] = field(default_factory=dict)

    def add(self, content: bytes, *, place: str) -> None:
        """Take the lines of an object or a record."""
        self.lines.add_content(content, place=place)

    def add_incidents(self, content: bytes, *, place: str) -> None:
        """Take the incidents among the lines; the rest is of no interest."""
        for number, line in records(content):
            try:
                said = parse(line)
            except ValueError:
                continue
            if isinstance(said, Incident):
                self.incidents.setdefault(said.incident_id, f"{place}, line {number}")
                self.states[said.incident_id] = merged(self.states.get(said.incident_id, said), said)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side, within the hours and near them: the same where there is no bound."""

    within: Held = field(default_factory=Held)
    near: Held = field(default_factory=Held)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """All sides."""

    hours: Hours
    events_stream: Side
    raw_events: Side
    incidents_stream: Side
    raw_incidents: Side
    lake: LakeAccount
    rows: dict[str, Row]
    mails: tuple[Mail, ...]


def read_sides(laptop: Laptop, hours: Hours, *, clients: Mapping[str, Any] | None = None) -> Sides:
    """Read every side; `clients` for `s3` and `kinesis` stand in for the laptop's own. Raises RawError."""
    settings, given = lake_settings(laptop), clients or {}
    raw = RawBucket(name=settings.raw_bucket, s3=given.get("s3") or laptop.client("s3"))
    kinesis = given.get("kinesis") or laptop.client("kinesis")
    with opened_lake(laptop) as engine:
        lake = LakeLedger(engine=engine, raw=raw, settings=settings).account(hours)
    rows = [from_item(item) for item in stored_incidents(laptop)]
    return Sides(
        hours=hours,
        events_stream=_of_stream(kinesis, laptop.outputs["EventsStreamName"], hours),
        raw_events=_of_raw(raw, settings.events_prefix, hours),
        incidents_stream=_of_stream(kinesis, laptop.outputs["IncidentsStreamName"], hours, incidents=True),
        raw_incidents=_of_raw(raw, settings.incidents_prefix, hours, incidents=True),
        lake=lake,
        rows={row.incident.incident_id: row for row in rows},
        mails=tuple(alert_mails(laptop)),
    )


def _of_stream(kinesis: Any, stream: str, hours: Hours, *, incidents: bool = False) -> Side:
    side, spans = _begun(hours)
    for record in _records(kinesis, stream):
        place = f"{record.shard}, sequence number {record.sequence}"
        for held, span in spans:
            if span.hold(record.arrived_at):
                _take(held, record.data, place=place, incidents=incidents)
    return side


def _of_raw(raw: RawBucket, prefix: str, hours: Hours, *, incidents: bool = False) -> Side:
    side, spans = _begun(hours)
    for found in raw.objects(prefix):
        wanted = [held for held, span in spans if span.hold_object(found.arrived_at)]
        content = raw.read(found.key) if wanted else b""
        for held in wanted:
            _take(held, content, place=found.key, incidents=incidents)
    return side


def _begun(hours: Hours) -> tuple[Side, list[tuple[Held, Hours]]]:
    """Return an empty side, and each part of it with the hours that it takes."""
    within = Held()
    if not hours.bounded:
        return Side(within=within, near=within), [(within, hours)]
    near = Held()
    return Side(within=within, near=near), [(within, hours), (near, hours.widened())]


def _take(held: Held, content: bytes, *, place: str, incidents: bool) -> None:
    held.add(content, place=place)
    if incidents:
        held.add_incidents(content, place=place)


def _records(kinesis: Any, stream: str) -> Iterator[Record]:
    """Yield every record that the stream has now, shard by shard."""
    for shard in shard_ids(kinesis, stream):
        cursor = ShardCursor(kinesis, stream=stream, shard=shard, after=None)
        while found := cursor.read(_RECORDS_AT_ONCE):
            yield from found
