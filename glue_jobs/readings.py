"""Every number exists twice: over all traffic, and over people only.

A mart's query is the same in both; what differs is what it sees. `standing_verdicts` is the relation that says which
users' events, from when until when, are not a person's.
"""

from collections.abc import Collection
from datetime import date

from glue_jobs.engine import day_literal
from glue_jobs.marts import Mart, Period, Reading, mart_named
from glue_jobs.tables import EVENTS

STANDING_VERDICTS = "standing_verdicts"


def by_people(events: str) -> str:
    """Return the condition that an event of that relation is taken out by no verdict."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {STANDING_VERDICTS} AS verdict WHERE verdict.user_id = {events}.user_id "
        f"AND {events}.event_time BETWEEN verdict.taken_out_from AND verdict.taken_out_until)"
    )


def mart_sql(mart: Mart, reading: Reading, days: Collection[date] | None) -> str:
    """Return the query for one reading of a mart, over these days, None for all there are."""
    seen = ", ".join(f"seen_{name} AS ({_seen(name, reading, days)})" for name in mart.reads)
    return f"WITH {seen} SELECT {', '.join(mart.column_names)} FROM ({mart.sql}\n) AS mart"


def on_days(column: str, days: Collection[date]) -> str:
    """Return the condition that the column is one of the days."""
    return f"{column} IN ({', '.join(day_literal(day) for day in sorted(days))})"


def _seen(name: str, reading: Reading, days: Collection[date] | None) -> str:
    if name == EVENTS.name:
        return f"SELECT {', '.join(EVENTS.column_names)} FROM events WHERE {_events_seen(reading, days)}"
    source = mart_named(name)
    restricted = "" if days is None or source.period is not Period.DAY else f" AND {on_days('day', days)}"
    return f"SELECT {', '.join(source.column_names)} FROM {name} WHERE reading = '{reading}'{restricted}"


def _events_seen(reading: Reading, days: Collection[date] | None) -> str:
    conditions = [] if days is None else [on_days("event_day", days)]
    if reading is Reading.PEOPLE_ONLY:
        conditions.append(by_people("events"))
    return " AND ".join(conditions) or "1 = 1"
