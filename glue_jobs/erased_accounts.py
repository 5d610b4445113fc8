"""The rows of `runs` after an erasure: what a rebuild from the raw objects, without the user, would write there.

Each row is computed from what stays, not by subtraction, so a run that died and is done again writes the same.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from glue_jobs.engine import Engine
from glue_jobs.retention import hour_of_object, until_hours
from glue_jobs.tables import EVENTS, REJECTS, RUNS, SOURCE, Table
from glue_jobs.user_search import Found


def correct_runs(engine: Engine, found: Found) -> None:
    """Correct the accounts of the objects that hold the user, while the user's events and rejects are still there.

    An object that shares an id with one of the events loses its row: the next `curate` takes it anew, and the record
    that was a duplicate of the user's becomes the event.
    """
    touched = {*found.events, *found.rejects, *(each.raw.key for each in found.objects)}
    if not touched:
        return
    engine.present("touched", SOURCE[:1], [{"source_object": key} for key in sorted(touched)])
    answer = engine.ask(f"SELECT {', '.join(RUNS.column_names)} FROM runs WHERE {_TOUCHED}")
    again = {each.raw.key for each in found.objects if each.shares_ids}
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    left = _Left(engine, found)
    engine.present("accounts", RUNS.columns, [left.account(row) for row in rows if row["source_object"] not in again])
    columns = ", ".join(RUNS.column_names)
    engine.replace(RUNS, f"SELECT {columns} FROM runs WHERE NOT {_TOUCHED} UNION ALL SELECT {columns} FROM accounts")


class _Left:
    """What will be left of the touched objects."""

    def __init__(self, engine: Engine, found: Found) -> None:
        self._events: dict[str, Counter[date]] = defaultdict(Counter)
        for key, day, events in engine.ask(OTHERS_EVENTS, (found.sought.user_id,)).rows:
            self._events[key][day] = events
        self._rejects = Counter(dict(engine.ask(ALL_REJECTS).rows))
        self._rejects.subtract({key: len(lines) for key, lines in found.rejects.items()})
        self._records: Mapping[str, int] = {each.raw.key: each.remaining for each in found.changed_objects}
        self._until = until_hours(engine)

    def account(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row as it will be. What cannot be counted stays: of an object that is gone, of rows forgotten."""
        key = row["source_object"]
        counts = {"rejects": row["rejects"] if self._forgot(REJECTS, key) else self._rejects[key]}
        records, event_days = self._records.get(key), sorted(self._events[key])
        if row["feed"] == "incidents":
            counts["events"] = row["events"] if records is None else records - counts["rejects"]
            counts["duplicates"] = 0
        elif self._forgot(EVENTS, key):
            counts["duplicates"], event_days = row["duplicates"], row["event_days"]
            counts["events"] = row["events"] if records is None else records - counts["rejects"] - counts["duplicates"]
        else:
            counts["events"] = self._events[key].total()
            known = counts["events"] + counts["rejects"]
            counts["duplicates"] = row["duplicates"] if records is None else records - known
        return {**row, **counts, "records": sum(counts.values()), "event_days": event_days}

    def _forgot(self, table: Table, key: str) -> bool:
        """Return whether the table has forgotten rows that came with the object."""
        return hour_of_object(key) < self._until.get(table.name, "")


_TOUCHED = "source_object IN (SELECT source_object FROM touched)"
OTHERS_EVENTS = f"""
SELECT source_object, event_day, COUNT(*) FROM events WHERE {_TOUCHED} AND user_id <> ?
GROUP BY source_object, event_day"""
ALL_REJECTS = f"SELECT source_object, COUNT(*) FROM rejects WHERE {_TOUCHED} GROUP BY source_object"
