"""Joins the sides: what each has, and where two that must agree do not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from commerce.arrival import Hours
from commerce.event import format_instant
from commerce.incident import Incident, Outcome
from commerce.rules import RULES_BY_NAME
from commerce.rules.rule import Severity
from glue_jobs.ledger import Difference
from lambdas.respond.episode import merged
from lambdas.respond.row import Row
from laptop.ledger.sent import Sent, Truth
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


def balance(sides: Sides, sent: Sent | None, truth: Truth | None = None) -> Ledger:
    """Return the ledger of what was read. Without `sent`, it begins at the events stream.

    `truth` is what must have become of it, by those who made it up.
    """
    missing, notes = _detector(sides)
    differences = (
        *_producer(sides, sent),
        *_delivered(sides),
        *sides.lake.differences,
        *([] if truth is None else _untrue(sides, truth)),
        *_incidents(sides),
        *_alerts(sides),
        *missing,
    )
    return Ledger(
        hours=sides.hours,
        events=_records(sides, sent),
        judged={} if sides.hours.bounded else dict(sides.lake.judged),
        rejects_by_reason=sides.lake.rejects_by_reason,
        incidents=_episodes(sides),
        differences=differences,
        notes=notes,
    )


def _records(sides: Sides, sent: Sent | None) -> dict[str, int]:
    lake, stream = sides.lake, sides.events_stream.within.lines
    return {
        **({} if sent is None else {"sent": sent.records}),
        "on_stream": stream.total,
        "in_raw": lake.records,
        "accepted": lake.accepted,
        "rejected": lake.rejected,
        "duplicates": lake.duplicates,
        **({"forgotten": lake.forgotten} if lake.forgotten else {}),
        **({} if sides.hours.bounded else {"late": lake.judged.get(Outcome.LATE, 0)}),
    }


def _episodes(sides: Sides) -> dict[str, int]:
    due, detected = _due(sides), sides.incidents_stream.within.incidents.keys()
    return {
        "detected": len(detected),
        "emitted": len(sides.lake.emitted),
        "curated": len(sides.lake.curated & sides.lake.emitted.keys()),
        "stored": len(sides.rows.keys() & detected),
        "due": len(due),
        "alerted": len({mail.incident_id for mail in sides.mails} & due),
    }


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


def _delivered(sides: Sides) -> Iterator[Difference]:
    stream, raw = sides.events_stream, sides.raw_events
    yield from stream.within.lines.without(raw.near.lines, between="on the events stream and not in the raw bucket")
    yield from raw.within.lines.without(stream.near.lines, between="in the raw bucket and not on the events stream")
    stream, archive = sides.incidents_stream, sides.raw_incidents
    yield from stream.within.lines.without(archive.near.lines, between="on the incidents stream and not in the archive")
    yield from archive.within.lines.without(stream.near.lines, between="in the archive and not on the incidents stream")
    missing = sides.lake.records - sides.lake.accepted - sides.lake.rejected - sides.lake.duplicates
    if missing and not sides.lake.differences:
        yield Difference(between="the raw bucket and the lake", records=abs(missing), first="not known")


def _untrue(sides: Sides, truth: Truth) -> Iterator[Difference]:
    """Compare what became of the records with what was meant to: events, duplicates, and rejects for their reason."""
    lake = sides.lake
    found = {"accepted": lake.accepted, "duplicates": lake.duplicates, **_by_reason(lake.rejects_by_reason)}
    meant = {"accepted": truth.events, "duplicates": truth.duplicates, **_by_reason(truth.rejects_by_reason)}
    for name in sorted(found.keys() | meant.keys()):
        one, other = meant.get(name, 0), found.get(name, 0)
        if one != other:
            words = f"not known: {one:,} were meant, {other:,} are there"
            yield Difference(between=f"{name}, and the producer's truth", records=abs(one - other), first=words)


def _by_reason(counts: Mapping[str, int]) -> dict[str, int]:
    return {f"rejected as {reason}": count for reason, count in counts.items()}


def _detector(sides: Sides) -> tuple[list[Difference], tuple[str, ...]]:
    """Compare the detector's account with the raw bucket. Its counts are an upper bound after a restart.

    They have no hours of arrival, so they are compared over all hours alone.
    """
    if sides.hours.bounded:
        return [], ()
    judged, lake = sides.lake.judged, sides.lake
    pairs = (
        ("records that the detector has not judged", sum(judged.values()), lake.records),
        ("rejects that the detector has not counted", judged.get(Outcome.REJECTED, 0), lake.rejected),
    )
    missing: list[Difference] = []
    more: list[str] = []
    for between, counted, there in pairs:
        if counted < there:
            first = "not known: the detector counts by period and outcome"
            missing.append(Difference(between=between, records=there - counted, first=first))
        elif counted > there:
            more.append(
                f"The detector counted {counted - there:,} more than there are: it read some again after a restart."
            )
    return missing, tuple(more[:1])


def _incidents(sides: Sides) -> Iterator[Difference]:
    stream, rows = sides.incidents_stream, sides.rows
    stored = {name: "the incidents table" for name, row in rows.items() if sides.hours.hold(row.stored_at)}
    pairs = (
        ("incident on the stream and not stored", stream.within.incidents, rows),
        ("incident stored and not on the stream", stored, stream.near.incidents),
    )
    for between, these, those in pairs:
        yield from _missing(between, these, those)
    behind = (name for name, state in stream.within.states.items() if name in rows and _is_behind(rows[name], state))
    places = {name: stream.within.incidents[name] for name in behind}
    yield from _missing("incident stored, and not as far as on the stream", places, ())


def _is_behind(row: Row, told: Incident) -> bool:
    """Return whether a state was told that the row does not know of."""
    after = merged(row.incident, told)
    return any(getattr(after, name) != getattr(row.incident, name) for name in ("state", "severity", "last_seen_at"))


def _due(sides: Sides) -> set[str]:
    """Return the incidents of which somebody must have been told: of automata that nobody has allowed."""
    named = sides.incidents_stream.within.incidents.keys()
    return {name for name, row in sides.rows.items() if name in named and _is_told(row)}


def _is_told(row: Row) -> bool:
    rule = RULES_BY_NAME.get(row.incident.rule)
    return rule is not None and rule.marks_automaton and row.allowed_until is None


def _alerts(sides: Sides) -> Iterator[Difference]:
    told = Counter((mail.incident_id, mail.risen) for mail in sides.mails)
    first = {name for name, risen in told if not risen}
    told_critical = {mail.incident_id for mail in sides.mails if mail.severity == Severity.CRITICAL}
    due = dict.fromkeys(sorted(_due(sides)), "the incidents table")
    critical = {name: at for name, at in due.items() if sides.rows[name].incident.severity == Severity.CRITICAL}
    yield from _missing("incident without an alert", due, first)
    yield from _missing("critical incident told as a lesser one", critical, told_critical | (due.keys() - first))
    places = {mail.incident_id: mail.file for mail in sides.mails if sides.hours.hold(mail.at)}
    may = {name for name, row in sides.rows.items() if _is_told(row) or row.alerted_at is not None}
    yield from _missing("alert without an incident that is told", places, may)
    again = {name: places[name] for (name, _), times in told.items() if times > 1 and name in places}
    for difference in _missing("incident with more than one alert", again, ()):
        yield replace(difference, records=sum(times - 1 for (name, _), times in told.items() if name in again))


def _missing(between: str, these: Mapping[str, str], those: Iterable[str]) -> Iterator[Difference]:
    there = set(those)
    missing = [(name, place) for name, place in these.items() if name not in there]
    if missing:
        name, place = missing[0]
        yield Difference(between=between, records=len(missing), first=f"incident {name}, {place}")
