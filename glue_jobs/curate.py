"""Raw objects to the lake: each object once, whatever happens in between.

A batch of objects is written in three commits: its events, its rejects, and last one row an object in `runs`. Only
that row makes an object taken. A run that dies before it leaves rows of objects that nobody has taken; the next run
finds them by their `source_object`, deletes them and takes the objects anew, so the tables and the counts are those
of a run that never died.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from commerce.fields import EVENT_FIELDS, Field, FieldType
from glue_jobs.allowances import take_allowances
from glue_jobs.engine import Engine
from glue_jobs.incidents import take_incidents
from glue_jobs.raw import DamagedObject, RawBucket, RawError, RawObject, batches
from glue_jobs.settings import LakeSettings
from glue_jobs.staging import staged
from glue_jobs.tables import EVENTS, REJECTS, RUNS, TABLES, Table


@dataclass(kw_only=True)
class ObjectAccount:
    """What became of the records of one raw object: records = events + rejects + duplicates."""

    records: int = 0
    events: int = 0
    rejects: int = 0
    event_days: tuple[date, ...] = ()

    @property
    def duplicates(self) -> int:
        """Records whose event_id the lake had before, or that came again in the same batch."""
        return self.records - self.events - self.rejects


@dataclass(kw_only=True)
class Run:
    """What the feeds of one run share: the id by which `runs` knows it, and the damaged objects that it came upon."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    damaged: list[DamagedObject] = field(default_factory=list)


Accounts = Mapping[str, ObjectAccount]
Groups = Callable[[Sequence[RawObject]], Iterable[Sequence[RawObject]]]
Take = Callable[[Sequence[RawObject]], Accounts]


@dataclass(frozen=True, kw_only=True)
class Curate:
    """One run. `reached` is told each step as it is completed: progress for people, a place to fail for tests."""

    engine: Engine
    raw: RawBucket
    settings: LakeSettings
    clock: Callable[[], datetime]
    reached: Callable[[str], None] = lambda _step: None

    def run(self) -> dict[str, int]:
        """Take every raw object that no run has taken, and the allow list; return the sums over this run.

        Raises RawError, AllowListError. Of damaged objects it does so at the end, when all others are taken.
        """
        # A bucket that cannot be listed must not leave a lake of empty tables, which would answer.
        delivered = self.raw.objects(self.settings.events_prefix)
        delivered_incidents = self.raw.objects(self.settings.incidents_prefix)
        for table in TABLES:
            self.engine.create(table)
        run = Run()
        events = self._feed("events", delivered, run=run, groups=self._staged, take=self._take_events)
        incidents = self._feed(
            "incidents", delivered_incidents, run=run, groups=self._unstaged, take=self._take_incidents
        )
        account = {**_sums(events), "incident_objects": len(incidents), "allowances": self._allowances()}
        if run.damaged:
            raise RawError(f"{run.damaged[0]}; damaged objects: {len(run.damaged)}, all others have been taken")
        return account

    def _allowances(self) -> int:
        """Take the allow list, if there is one; return how many entries hold."""
        if not self.settings.allow_list_table:
            return 0
        held = take_allowances(self.engine, table=self.settings.allow_list_table, now=self.clock())
        self.reached("allowances")
        return held

    def _feed(
        self, feed: str, delivered: Sequence[RawObject], *, run: Run, groups: Groups, take: Take
    ) -> list[ObjectAccount]:
        """Take what no run has taken; a damaged object is noted and left to the next run."""
        done = {key for (key,) in self.engine.ask("SELECT source_object FROM runs WHERE feed = ?", (feed,)).rows}
        pending = [found for found in delivered if found.key not in done]
        self._clear_leftovers(pending)
        accounts: list[ObjectAccount] = []
        while left := [found for found in pending if found.key not in done]:
            try:
                for group in groups(left):
                    accounts += self._batch(feed, run_id=run.id, objects=group, take=take)
                    done |= {found.key for found in group}
            except DamagedObject as error:  # nothing of its group has been written
                run.damaged.append(error)
                done.add(error.key)
        return accounts

    def _staged(self, objects: Sequence[RawObject]) -> Iterable[Sequence[RawObject]]:
        return staged(self.engine, objects, megabytes=self.settings.batch_megabytes)

    def _unstaged(self, objects: Sequence[RawObject]) -> Iterable[Sequence[RawObject]]:
        return batches(objects, megabytes=self.settings.batch_megabytes)

    def _batch(self, feed: str, *, run_id: str, objects: Sequence[RawObject], take: Take) -> list[ObjectAccount]:
        accounts = take(objects)
        names = {"run_id": run_id, "feed": feed, "taken_at": self.clock()}
        rows = [{**names, **_row(found, accounts[found.key])} for found in objects]
        self.engine.present("taken", RUNS.columns, rows)
        self.engine.append(RUNS, f"SELECT {', '.join(RUNS.column_names)} FROM taken")
        self.reached(f"{feed}: runs")
        return list(accounts.values())

    def _take_events(self, objects: Sequence[RawObject]) -> Accounts:
        """Write the records that are `judged`, those of the objects."""
        accounts = {found.key: ObjectAccount() for found in objects}
        for key, records, rejects in self.engine.ask(JUDGED_BY_OBJECT).rows:
            accounts[key].records, accounts[key].rejects = records, rejects
        self.reached("events: judged")
        self.engine.hold("new_events", NEW_EVENTS)
        for key, day, events in self.engine.ask(NEW_BY_OBJECT_AND_DAY).rows:
            accounts[key].events += events
            accounts[key].event_days += (day,)
        self.engine.append(EVENTS, NEW_EVENTS_IN_ORDER)
        self.reached("events: events")
        if any(account.rejects for account in accounts.values()):
            self.engine.append(REJECTS, NEW_REJECTS)
        self.reached("events: rejects")
        return accounts

    def _take_incidents(self, objects: Sequence[RawObject]) -> Accounts:
        counts = take_incidents(objects, engine=self.engine, raw=self.raw, reached=self.reached)
        return {
            key: ObjectAccount(records=readable + refused, events=readable, rejects=refused)
            for key, (readable, refused) in counts.items()
        }

    def _clear_leftovers(self, pending: Sequence[RawObject]) -> None:
        """Delete what a run that died left of objects it did not come to take."""
        if not pending:
            return
        keys = {found.key for found in pending}
        for table in (EVENTS, REJECTS):
            self._delete_leftovers(table, keys)

    def _delete_leftovers(self, table: Table, keys: set[str]) -> None:
        seen = f"SELECT DISTINCT source_object FROM {table.name} WHERE source_object BETWEEN ? AND ?"
        found = self.engine.ask(seen, (min(keys), max(keys))).rows
        leftovers = sorted({key for (key,) in found} & keys)
        if leftovers:
            self.engine.delete(table, "source_object", leftovers)
        self.reached(f"leftovers: {table.name}")


def _row(found: RawObject, account: ObjectAccount) -> dict[str, Any]:
    return {
        "source_object": found.key,
        "records": account.records,
        "events": account.events,
        "rejects": account.rejects,
        "duplicates": account.duplicates,
        "event_days": list(account.event_days),
    }


def _sums(accounts: Iterable[ObjectAccount]) -> dict[str, int]:
    listed = list(accounts)
    names = ("records", "events", "rejects", "duplicates")
    return {"objects": len(listed), **{name: sum(getattr(account, name) for account in listed) for name in names}}


def _typed(field: Field) -> str:
    """Return the text of a judged field in the type that the lake has for it."""
    match field.type:
        case FieldType.TIMESTAMP:
            return f"event_time_parsed AS {field.name}"
        case FieldType.MONEY:
            return f"CAST({field.name} AS DECIMAL(12, 2)) AS {field.name}"
        case _:
            return field.name


JUDGED_BY_OBJECT = "SELECT source_object, COUNT(*), COUNT(reason) FROM judged GROUP BY source_object"
# The first record of an event_id is the event, the rest are duplicates; first is by object and line, not by chance.
# Few ids come more than once, so only theirs are put in order.
# The lake's ids are looked through for those that arrived, not held in memory: they may be many more.
NEW_EVENTS = f"""
WITH repeated AS (
  SELECT event_id FROM judged WHERE reason IS NULL GROUP BY event_id HAVING COUNT(*) > 1
), again AS (
  SELECT source_object, line_number FROM (
    SELECT source_object, line_number,
      ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY source_object, line_number) AS nth
    FROM judged
    WHERE reason IS NULL AND event_id IN (SELECT event_id FROM repeated)
  ) AS ranked
  WHERE nth > 1
), arrived AS (
  SELECT * FROM judged
  WHERE reason IS NULL AND NOT EXISTS (
    SELECT 1 FROM again WHERE again.source_object = judged.source_object AND again.line_number = judged.line_number
  )
), known AS (
  SELECT DISTINCT event_id FROM events WHERE event_id IN (SELECT event_id FROM arrived)
)
SELECT {", ".join(_typed(field) for field in EVENT_FIELDS)},
  CAST(event_time_parsed AS DATE) AS event_day, arrived_at, source_object, line_number
FROM arrived
WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.event_id = arrived.event_id)"""
NEW_BY_OBJECT_AND_DAY = """
SELECT source_object, event_day, COUNT(*) FROM new_events GROUP BY source_object, event_day ORDER BY 1, 2"""
NEW_EVENTS_IN_ORDER = "SELECT * FROM new_events ORDER BY event_day, event_time"
NEW_REJECTS = """
SELECT raw AS line, reason, arrived_at, source_object, line_number FROM judged WHERE reason IS NOT NULL"""
