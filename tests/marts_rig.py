"""Every mart over a handful of events, made by either engine: no lake, no readings, no days around the queries."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from commerce.event import Event, format_instant, parse
from glue_jobs.engine import Engine
from glue_jobs.marts import Mart, marts
from glue_jobs.tables import EVENTS, SHOP, SHOP_COLUMNS

GOLDEN_MARTS = Path(__file__).parent / "golden" / "marts"
GOLDEN_EVENTS = GOLDEN_MARTS / "events.csv"
ARRIVED_AT = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """The rows of one mart, in the order in which they are listed."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def texts(self) -> list[tuple[str, ...]]:
        """Return the rows as a golden file has them."""
        return [tuple(as_text(value) for value in row) for row in self.rows]


def as_text(value: Any) -> str:
    """Return a value as a golden file has it: doubles with all their digits, NULL told from the empty text."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case datetime():
            return format_instant(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def read_commented_csv(path: Path) -> list[list[str]]:
    """Return header and rows without the comment lines."""
    return list(csv.reader(line for line in path.read_text().splitlines() if not line.startswith("#")))


def events_in(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return the events among the lines as rows of the table `events`, each event_id once."""
    read = (parse(line, arrived_at=ARRIVED_AT) for line in lines)
    events = {event.event_id: event for event in read if isinstance(event, Event)}
    return [_row(number, event) for number, event in enumerate(events.values(), start=1)]


def golden_events() -> list[dict[str, Any]]:
    """Return the events of the golden shop."""
    header, *rows = read_commented_csv(GOLDEN_EVENTS)
    return events_of([dict(zip(header, row, strict=True)) for row in rows])


def events_of(written: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return events written as on the wire, an empty text for an absent field; all of them must be events."""
    lines = [json.dumps({name: text for name, text in event.items() if text}).encode() for event in written]
    events = events_in(lines)
    assert len(events) == len(lines)
    return events


def make_marts(
    engine: Engine, events: list[dict[str, Any]], *, time_zone: str = "UTC", asked_at: datetime = ARRIVED_AT
) -> dict[str, Made]:
    """Return every mart by its name, made in the order in which they read each other."""
    engine.present(SHOP, SHOP_COLUMNS, [{"time_zone": time_zone, "asked_at": asked_at}])
    engine.present("made_events", EVENTS.columns, events)
    return {mart.name: _make(engine, mart) for mart in marts()}


def _make(engine: Engine, mart: Mart) -> Made:
    seen = ", ".join(f"seen_{name} AS (SELECT * FROM made_{name})" for name in mart.reads)
    engine.hold(f"made_{mart.name}", f"WITH {seen} SELECT * FROM ({mart.sql}\n) AS mart")
    listed = engine.ask(f"SELECT * FROM made_{mart.name} ORDER BY {mart.order}")
    assert listed.columns == mart.column_names, f"{mart.name}: its header names other columns"
    return Made(listed.columns, listed.rows)


def _row(number: int, event: Event) -> dict[str, Any]:
    source = {"arrived_at": ARRIVED_AT, "source_object": "golden", "line_number": number}
    return {**vars(event), "event_day": event.event_time.date(), **source}
