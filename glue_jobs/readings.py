"""Every number exists twice: over all traffic, and over people only.

A mart's query is the same in both; what differs is what it sees. `standing_verdicts` is the relation that says whose
events, from when until when, are not a person's. Nor are those from a network of automata that are welcome.
"""

from collections.abc import Collection, Iterable
from datetime import date

from commerce.known_networks import known_sql
from commerce.rules.rule import SUBJECT_FIELDS
from glue_jobs.engine import day_literal
from glue_jobs.marts import Mart, Period, Reading, mart_named
from glue_jobs.tables import EVENTS

STANDING_VERDICTS = "standing_verdicts"


def by_people(events: str, known_networks: Iterable[str]) -> str:
    """Return the joins and the condition that leave of a relation of events, given by its name, those of people.

    It is one anti join a type of subject, by the equality of one column. Written as NOT EXISTS, DuckDB would first
    look for the different pairs of subject and time among all events, which takes several times as long.
    """
    judged = " ".join(
        f"ANTI JOIN (SELECT subject, taken_out_from, taken_out_until FROM {STANDING_VERDICTS} "
        f"WHERE subject_type = '{subject_type}') AS of_{subject_type} ON of_{subject_type}.subject = {events}.{column} "
        f"AND {events}.event_time BETWEEN of_{subject_type}.taken_out_from AND of_{subject_type}.taken_out_until"
        for subject_type, column in SUBJECT_FIELDS.items()
    )
    return f"{judged} WHERE NOT {known_sql(known_networks)}"


def mart_sql(
    mart: Mart, reading: Reading, days: Collection[date] | None, *, known_networks: Collection[str] = ()
) -> str:
    """Return the query for one reading of a mart, over these days, None for all there are."""
    made_of = None if days is None else mart.made_of(days)
    looks_around = made_of is not None and made_of != frozenset(days or ())
    seen = {name: _seen(name, reading, made_of, known_networks) for name in mart.reads}
    if looks_around and mart.alike:
        on_these = {name: _seen(name, reading, days, known_networks) for name in mart.reads}
        seen = {
            name: f"{sql} AND {mart.alike} IN (SELECT {mart.alike} FROM ({on_these[name]}) AS on_these_days)"
            for name, sql in seen.items()
        }
    named = ", ".join(f"seen_{name} AS ({sql})" for name, sql in seen.items())
    of_these = f" WHERE {on_days('day', days or ())}" if looks_around else ""
    return f"WITH {named} SELECT {', '.join(mart.column_names)} FROM ({mart.sql}\n) AS mart{of_these}"


def on_days(column: str, days: Collection[date]) -> str:
    """Return the condition that the column is one of the days."""
    return f"{column} IN ({', '.join(day_literal(day) for day in sorted(days))})"


def _seen(name: str, reading: Reading, days: Collection[date] | None, known_networks: Collection[str]) -> str:
    if name == EVENTS.name:
        whose = by_people("events", known_networks) if reading is Reading.PEOPLE_ONLY else "WHERE 1 = 1"
        on_their_days = "" if days is None else f"AND {on_days('event_day', days)}"
        return f"SELECT {', '.join(EVENTS.column_names)} FROM events {whose} {on_their_days}"
    source = mart_named(name)
    restricted = "" if days is None or source.period is not Period.DAY else f" AND {on_days('day', days)}"
    return f"SELECT {', '.join(source.column_names)} FROM {name} WHERE reading = '{reading}'{restricted}"
