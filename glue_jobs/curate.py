"""Raw objects to the lake: each object once, whatever happens in between.

A batch of objects is written in three commits: its events, its rejects, and last one row in `runs` that names the
objects. Only that row makes them taken. A run that dies before it leaves rows of objects that nobody has taken; the
next run finds them by their `source_object`, deletes them and takes the objects anew, so the tables and the counts
are those of a run that never died.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.fields import EVENT_FIELDS, Field, FieldType
from glue_jobs.engine import Engine
from glue_jobs.incidents import take_incidents
from glue_jobs.raw import RawBucket, RawObject, batches
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import EVENTS, REJECTS, RUNS, TABLES

Account = dict[str, int]
Take = Callable[[Sequence[RawObject]], Account]


@dataclass(frozen=True, kw_only=True)
class Curate:
    """One run. `reached` is told each step as it is completed: progress for people, a place to fail for tests."""

    engine: Engine
    raw: RawBucket
    settings: LakeSettings
    clock: Callable[[], datetime]
    reached: Callable[[str], None] = lambda _step: None

    def run(self) -> Account:
        """Take every raw object that no run has taken; return the sums over this run."""
        for table in TABLES:
            self.engine.create(table)
        run_id = uuid.uuid4().hex
        events = self._feed("events", run_id=run_id, prefix=self.settings.events_prefix, take=self._take_events)
        incidents = self._feed(
            "incidents", run_id=run_id, prefix=self.settings.incidents_prefix, take=self._take_incidents
        )
        return {**_sum(events), "incident_objects": _sum(incidents)["objects"]}

    def _feed(self, feed: str, *, run_id: str, prefix: str, take: Take) -> list[Account]:
        taken = _taken(self.engine, feed)
        pending = [found for found in self.raw.objects(prefix) if found.key not in taken]
        self._clear_leftovers(pending)
        return [
            self._batch(feed, run_id=run_id, objects=batch, take=take)
            for batch in batches(pending, megabytes=self.settings.batch_megabytes)
        ]

    def _batch(self, feed: str, *, run_id: str, objects: Sequence[RawObject], take: Take) -> Account:
        account = {"objects": len(objects), **take(objects)}
        names = {"run_id": run_id, "feed": feed, "taken_at": self.clock()}
        row: Mapping[str, Any] = {**names, **account, "source_objects": [found.key for found in objects]}
        self.engine.present("batch_run", RUNS.columns, [row])
        self.engine.append(RUNS, f"SELECT {', '.join(RUNS.column_names)} FROM batch_run")
        self.reached(f"{feed}: runs")
        return account

    def _take_events(self, objects: Sequence[RawObject]) -> Account:
        self.engine.stage(objects)
        counted = self.engine.ask("SELECT COUNT(*), COUNT(reason) FROM judged").rows[0]
        self.reached("events: judged")
        events = self.engine.append(EVENTS, NEW_EVENTS)
        self.reached("events: events")
        if counted[1]:
            self.engine.append(REJECTS, NEW_REJECTS)
        self.reached("events: rejects")
        return {
            "records": counted[0],
            "events": events,
            "rejects": counted[1],
            "duplicates": counted[0] - counted[1] - events,
        }

    def _take_incidents(self, objects: Sequence[RawObject]) -> Account:
        return take_incidents(objects, engine=self.engine, raw=self.raw, reached=self.reached)

    def _clear_leftovers(self, pending: Sequence[RawObject]) -> None:
        """Delete what a run that died left of objects it did not come to take."""
        if not pending:
            return
        keys = {found.key for found in pending}
        for table in (EVENTS, REJECTS):
            self._delete_leftovers(table, keys)

    def _delete_leftovers(self, table: Any, keys: set[str]) -> None:
        seen = f"SELECT DISTINCT source_object FROM {table.name} WHERE source_object BETWEEN ? AND ?"
        found = self.engine.ask(seen, (min(keys), max(keys))).rows
        leftovers = sorted({key for (key,) in found} & keys)
        if leftovers:
            self.engine.delete(table, "source_object", leftovers)
        self.reached(f"leftovers: {table.name}")


def _taken(engine: Engine, feed: str) -> set[str]:
    rows = engine.ask("SELECT source_objects FROM runs WHERE feed = ?", (feed,)).rows
    return {key for (keys,) in rows for key in keys}


def _sum(accounts: Iterable[Account]) -> Account:
    names = ("objects", "records", "events", "rejects", "duplicates")
    listed = list(accounts)
    return {name: sum(account[name] for account in listed) for name in names}


def _typed(field: Field) -> str:
    """Return the text of a judged field in the type that the lake has for it."""
    match field.type:
        case FieldType.TIMESTAMP:
            return f"event_time_parsed AS {field.name}"
        case FieldType.MONEY:
            return f"CAST({field.name} AS DECIMAL(12, 2)) AS {field.name}"
        case _:
            return field.name


# The first record of an event_id is the event, the rest are duplicates; first is by object and line, not by chance.
NEW_EVENTS = f"""
SELECT {", ".join(_typed(field) for field in EVENT_FIELDS)},
  CAST(event_time_parsed AS DATE) AS event_day, arrived_at, source_object, line_number
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY source_object, line_number) AS nth
  FROM judged WHERE reason IS NULL
) AS arrived
WHERE nth = 1 AND NOT EXISTS (SELECT 1 FROM events WHERE events.event_id = arrived.event_id)
ORDER BY event_day, event_time"""
NEW_REJECTS = """
SELECT raw AS line, reason, arrived_at, source_object, line_number FROM judged WHERE reason IS NOT NULL"""
