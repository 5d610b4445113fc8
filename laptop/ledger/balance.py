"""Joins the sides: what each has, and where two that must agree do not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from commerce.event import format_instant
from commerce.incident import Outcome
from commerce.rules import RULES_BY_NAME
from glue_jobs.arrival import Hours
from glue_jobs.ledger import Difference
from lambdas.respond.row import Row
from laptop.ledger.sent import Sent
from laptop.ledger.sides import Sides


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The balance of some hours. `events` and `incidents` count by side, in the order in which records pass them."""

    hours: Hours
    events: Mapping[str, int]
    judged: Mapping[str, int]
    rejects_by_reason: Mapping[str, int]
    incidents: Mapping[str, int]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the ledger as tools read it."""
        bounds = {"since": self.hours.since, "until": self.hours.until}
        return {
            "hours": {name: moment and format_instant(moment) for name, moment in bounds.items()},
            "balanced": not self.differences,
            "events": dict(self.events),
            "judged": dict(self.judged),
            "rejects_by_reason": dict(self.rejects_by_reason),
            "incidents": dict(self.incidents),
            "differences": [asdict(difference) for difference in self.differences],
            "notes": list(self.notes),
        }


def balance(sides: Sides, sent: Sent | None) -> Ledger:
    """Return the ledger of what was read. Without `sent`, the events stream says what was sent."""
    lake, stream = sides.lake, sides.events_stream.within.lines
    due = _due(sides)
    told = {mail.incident_id for mail in sides.mails}
    differences = [
        *_producer(sides, sent),
        *_events(sides),
        *lake.differences,
        *_incidents(sides),
        *_alerts(sides, due),
    ]
    notes: list[str] = []
    if not sides.hours.bounded:
        missing, more = _detector(sides)
        differences += missing
        notes += more
    return Ledger(
        hours=sides.hours,
        events={
            "sent": stream.total if sent is None else sent.records,
            "on_stream": stream.total,
            "in_raw": lake.records,
            "accepted": lake.accepted,
            "rejected": lake.rejected,
            "duplicates": lake.duplicates,
            **({} if sides.hours.bounded else {"late": lake.judged.get(Outcome.LATE, 0)}),
        },
        judged={} if sides.hours.bounded else dict(lake.judged),
        rejects_by_reason=lake.rejects_by_reason,
        incidents={
            "detected": len(sides.incidents_stream.within.incidents),
            "emitted": len(lake.emitted),
            "curated": len(lake.curated & lake.emitted.keys()),
            "stored": len(sides.rows.keys() & sides.incidents_stream.within.incidents.keys()),
            "due": len(due),
            "alerted": len(told & due),
        },
        differences=tuple(differences),
        notes=tuple(notes),
    )


def _producer(sides: Sides, sent: Sent | None) -> Iterator[Difference]:
    if sent is None:
        return
    stream = sides.events_stream
    if sent.lines is not None:
        yield from sent.lines.without(stream.near.lines, between="sent and not on the events stream")
        yield from stream.within.lines.without(sent.lines, between="on the events stream and never sent")
    elif sent.records != stream.within.lines.total:
        yield Difference(
            between="the producer's account and the events stream",
            records=abs(sent.records - stream.within.lines.total),
            first="not known: an account is a count; give the records themselves with --sent",
        )


def _events(sides: Sides) -> Iterator[Difference]:
    stream, raw = sides.events_stream, sides.raw_events
    yield from stream.within.lines.without(raw.near.lines, between="on the events stream and not in the raw bucket")
    yield from raw.within.lines.without(stream.near.lines, between="in the raw bucket and not on the events stream")
    missing = sides.lake.records - sides.lake.accepted - sides.lake.rejected - sides.lake.duplicates
    if missing and not sides.lake.differences:
        yield Difference(between="the raw bucket and the lake", records=abs(missing), first="not known")


def _detector(sides: Sides) -> tuple[list[Difference], list[str]]:
    """Compare the detector's account with the raw bucket. Its counts are an upper bound after a restart."""
    judged, lake = sides.lake.judged, sides.lake
    pairs = (
        ("records that the detector has not judged", sum(judged.values()), lake.records),
        ("rejects that the detector has not counted", judged.get(Outcome.REJECTED, 0), lake.rejected),
    )
    missing, more = [], []
    for between, counted, there in pairs:
        if counted < there:
            first = "not known: the detector counts by period and outcome"
            missing.append(Difference(between=between, records=there - counted, first=first))
        elif counted > there:
            more.append(
                f"The detector counted {counted - there:,} more than there are: it read some again after a restart."
            )
    return missing, more[:1]


def _incidents(sides: Sides) -> Iterator[Difference]:
    stream, archive, rows = sides.incidents_stream, sides.raw_incidents, sides.rows
    stored = {name: "the incidents table" for name, row in rows.items() if sides.hours.hold(row.stored_at)}
    pairs = (
        ("incident on the stream and not in the archive", stream.within.incidents, archive.near.incidents),
        ("incident in the archive and not on the stream", archive.within.incidents, stream.near.incidents),
        ("incident on the stream and not stored", stream.within.incidents, rows),
        ("incident stored and not on the stream", stored, stream.near.incidents),
    )
    for between, these, those in pairs:
        yield from _missing(between, these, those)


def _due(sides: Sides) -> set[str]:
    """Return the incidents of which somebody must have been told: of automata that nobody has allowed."""
    named = sides.incidents_stream.within.incidents.keys()
    return {name for name, row in sides.rows.items() if name in named and _is_told(row)}


def _is_told(row: Row) -> bool:
    rule = RULES_BY_NAME.get(row.incident.rule)
    return rule is not None and rule.marks_automaton and row.allowed_until is None


def _alerts(sides: Sides, due: set[str]) -> Iterator[Difference]:
    told = Counter(mail.incident_id for mail in sides.mails)
    places = {mail.incident_id: mail.file for mail in sides.mails if sides.hours.hold(mail.at)}
    may = {name: "" for name, row in sides.rows.items() if _is_told(row) or row.alerted_at is not None}
    yield from _missing("incident without an alert", dict.fromkeys(sorted(due), "the incidents table"), told)
    yield from _missing("alert without an incident that is told", places, may)
    again = {name: place for name, place in places.items() if told[name] > 1}
    for difference in _missing("incident with more than one alert", again, {}):
        yield replace(difference, records=sum(told[name] - 1 for name in again))


def _missing(between: str, these: Mapping[str, str], those: Iterable[str]) -> Iterator[Difference]:
    there = set(those)
    missing = [(name, place) for name, place in these.items() if name not in there]
    if missing:
        name, place = missing[0]
        yield Difference(between=between, records=len(missing), first=f"incident {name}, {place}")
