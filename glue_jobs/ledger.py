"""The lake's side of the ledger: every raw record is in the lake, once, and each account says what is there.

The accounts in `runs` are not taken at their word. Every raw record is read and judged again: its event must be in
the lake, or its reject, and what is there must be what the record says. Whatever differs is named by its first record.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from commerce.arrival import Hours
from glue_jobs.asking import ask
from glue_jobs.differing_records import DIFFERING_EVENTS, DIFFERING_REJECTS, LOST
from glue_jobs.engine import Engine
from glue_jobs.incident_archive import Archive
from glue_jobs.incidents import NOT_AN_INCIDENT
from glue_jobs.raw import RawBucket, RawObject, records
from glue_jobs.retention import hour_of, hour_of_object, until_hours
from glue_jobs.settings import LakeSettings
from glue_jobs.staging import staged
from glue_jobs.tables import EVENTS, REJECTS


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two sides that do not agree: which, by how many records, and the first of them by id or object and line."""

    between: str
    records: int
    first: str

    def __str__(self) -> str:
        return f"{self.between}: {self.records:,}, the first is {self.first}"


@dataclass(frozen=True, kw_only=True)
class LakeAccount:
    """What the raw bucket and the lake hold of some hours of arrival.

    `records` are lines of the raw objects. `accepted`, `rejected`, `duplicates` and `rejects_by_reason` count rows of
    the lake, `forgotten` those that it had until their time was over. `judged` is the detector's own account, by
    outcome. `emitted` are the incidents in the archive, each with the place of its first record; `curated` those in the
    lake, of all hours.
    """

    objects: int
    records: int
    accepted: int
    rejected: int
    duplicates: int
    forgotten: int
    rejects_by_reason: Mapping[str, int]
    judged: Mapping[str, int]
    emitted: Mapping[str, str]
    curated: frozenset[str]
    differences: tuple[Difference, ...]

    def counts(self) -> dict[str, int]:
        """Return the figures that add up, in their order: of the archive, how many incidents it names."""
        names = ("objects", "records", "accepted", "rejected", "duplicates")
        return {
            **{name: getattr(self, name) for name in names},
            **({"forgotten": self.forgotten} if self.forgotten else {}),
            **{f"rejected as {reason}": count for reason, count in self.rejects_by_reason.items()},
            "incidents in the archive": len(self.emitted),
            "of these in the lake": len(self.curated & self.emitted.keys()),
        }


@dataclass(frozen=True, kw_only=True)
class LakeLedger:
    """Balances the raw bucket and the lake. It writes nothing."""

    engine: Engine
    raw: RawBucket
    settings: LakeSettings

    def account(self, hours: Hours) -> LakeAccount:
        """Return the account of these hours of arrival. Raises RawError."""
        differences = _Differences()
        events = self._objects(self.settings.events_prefix, hours)
        records_found = self._events(events, differences)
        archive = self.archive(hours)
        self._incidents(archive, differences)
        self._doubled(differences)
        rows = self._accounts(hours, differences)
        return LakeAccount(
            objects=len(events),
            records=records_found,
            accepted=sum(row["accepted"] for row in rows),
            rejected=sum(row["rejected"] for row in rows),
            duplicates=sum(row["duplicates"] for row in rows),
            forgotten=sum(row["forgotten"] for row in rows),
            rejects_by_reason=self._reasons({found.key for found in events}),
            judged=self._judged(),
            emitted=archive.incidents,
            curated=frozenset(name for (name,) in self.engine.ask("SELECT incident_id FROM incidents").rows),
            differences=tuple(differences.listed()),
        )

    def archive(self, hours: Hours) -> Archive:
        """Return what the archive of the incidents stream holds of these hours. Raises RawError."""
        archive = Archive()
        for found in self._objects(self.settings.incidents_prefix, hours):
            archive.objects[found.key] = 0
            for number, line in records(self.raw.read(found.key)):
                archive.add(found.key, number, line)
        return archive

    def _objects(self, prefix: str, hours: Hours) -> list[RawObject]:
        return [found for found in self.raw.objects(prefix) if hours.hold_object(found.arrived_at)]

    def _taken(self, feed: str) -> dict[str, int]:
        """Return of each object taken how many records its account has."""
        select = "SELECT source_object, SUM(records) FROM runs WHERE feed = ? GROUP BY source_object"
        return {key: int(taken) for key, taken in self.engine.ask(select, (feed,)).rows}

    def _events(self, objects: Sequence[RawObject], differences: "_Differences") -> int:
        """Compare each raw record with the lake; return how many there are."""
        taken = self._taken("events")
        # Of an object that has lost rows on purpose, only the account is left to go by.
        until = until_hours(self.engine)
        lost = max(until.get(EVENTS.name, ""), until.get(REJECTS.name, ""))
        there = Counter({found.key: taken.get(found.key, 0) for found in objects if hour_of(found.arrived_at) < lost})
        whole = [found for found in objects if found.key in taken and found.key not in there]
        for batch in staged(self.engine, whole, megabytes=self.settings.batch_megabytes):
            there.update(dict(self.engine.ask(RECORDS_BY_OBJECT).rows))
            self._lost(differences, forgetful=EVENTS.name in until)
            self._differing(differences, batch)
        for found in objects:
            if found.key not in taken:
                there[found.key] = _untaken(found, self.raw, differences)
            elif there[found.key] != taken[found.key]:
                count = abs(there[found.key] - taken[found.key])
                differences.add("raw object and its account in runs", found.key, records=count)
        return there.total()

    def _lost(self, differences: "_Differences", *, forgetful: bool) -> None:
        """Name what is staged and in no table. Of a duplicate, the event may have been forgotten: it came before."""
        lost = self.engine.ask(LOST).rows
        duplicates = dict(self.engine.ask(DUPLICATES).rows) if forgetful else {}
        ids = Counter(key for key, _, event_id in lost if event_id)
        for key, number, event_id in lost:
            if not event_id or ids[key] > duplicates.get(key, 0):
                differences.add(NOWHERE, _named(key, number, event_id))

    def _differing(self, differences: "_Differences", batch: Sequence[RawObject]) -> None:
        """Name what the lake has of the objects that are staged, and is not what their records say."""
        bounds = (batch[0].key, batch[-1].key)
        for between, select in ((EVENT_DIFFERS, DIFFERING_EVENTS), (REJECT_DIFFERS, DIFFERING_REJECTS)):
            for key, number, event_id, count in self.engine.ask(select, bounds).rows:
                differences.add(between, _named(key, number, event_id), records=count)

    def _incidents(self, archive: Archive, differences: "_Differences") -> None:
        taken = self._taken("incidents")
        for key, count in archive.objects.items():
            if key not in taken:
                differences.add("raw record that curate has not taken", f"{key}, line 1", records=count)
            elif taken[key] != count:
                differences.add("raw object and its account in runs", key, records=abs(count - taken[key]))
        tables = {"incidents": archive.incidents, "tallies": archive.tallies, "risk_signals": archive.risks}
        until = until_hours(self.engine)
        for (table, held), kind in zip(tables.items(), ("incident", "tally", "risk"), strict=True):
            known = {name for (name,) in self.engine.ask(f"SELECT {kind}_id FROM {table}").rows}
            for name, place in held.items():
                key, _, _ = place.partition(", line ")
                if key in taken and hour_of_object(key) >= until.get(table, "") and name not in known:
                    differences.add(f"{kind} of the archive that the lake has not", f"{name}, {place}")
        kept = {key for key in taken if hour_of_object(key) >= until.get(REJECTS.name, "")}
        self._refused({place: line for place, line in archive.refused.items() if place[0] in kept}, differences)

    def _refused(self, refused: Mapping[tuple[str, int], bytes], differences: "_Differences") -> None:
        """Compare the lines of the archive that are no records of it with the lake's rejects."""
        if not refused:
            return
        rows = self.engine.ask(REJECTS_BETWEEN, (min(refused)[0], max(refused)[0])).rows
        there = {(key, number): (reason, line) for key, number, reason, line in rows}
        for place, line in refused.items():
            if there.get(place) != (NOT_AN_INCIDENT, line):
                differences.add(REJECT_DIFFERS if place in there else NOWHERE, _named(*place, None))

    def _doubled(self, differences: "_Differences") -> None:
        for event_id, times in self.engine.ask(DOUBLED).rows:
            differences.add("event that the lake has more than once", f"event {event_id}", records=times - 1)

    def _accounts(self, hours: Hours, differences: "_Differences") -> list[dict[str, Any]]:
        """Return the rows of the question `ledger` for the events of these hours."""
        answer = ask(self.engine, "ledger")
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        within = [row for row in rows if _within(row["arrival_hour"], hours)]
        for row in within:
            if row["unexplained"]:
                differences.add(
                    "rows of the lake and their account in runs", row["first_object"], records=row["unexplained"]
                )
        return [row for row in within if row["feed"] != "incidents"]

    def _reasons(self, keys: set[str]) -> dict[str, int]:
        counted = "SELECT reason, source_object, COUNT(*) FROM rejects GROUP BY reason, source_object"
        reasons = Counter[str]()
        for reason, key, count in self.engine.ask(counted).rows:
            reasons[reason] += count if key in keys else 0
        return dict(sorted((+reasons).items()))

    def _judged(self) -> dict[str, int]:
        return {name: int(count) for name, count in self.engine.ask(JUDGED).rows}


class _Differences:
    """Differences by kind, with the first record that anybody named."""

    def __init__(self) -> None:
        self._records = Counter[str]()
        self._first: dict[str, str] = {}

    def add(self, between: str, name: str, *, records: int = 1) -> None:
        if records:
            self._records[between] += records
            self._first.setdefault(between, name)

    def listed(self) -> Iterator[Difference]:
        for between, count in self._records.items():
            yield Difference(between=between, records=count, first=self._first[between])


def _untaken(found: RawObject, raw: RawBucket, differences: _Differences) -> int:
    numbers = [number for number, _ in records(raw.read(found.key))]
    if numbers:
        name = f"{found.key}, line {numbers[0]}"
        differences.add("raw record that curate has not taken", name, records=len(numbers))
    return len(numbers)


def _named(key: str, number: int, event_id: str | None) -> str:
    return f"event {event_id}, {key}, line {number}" if event_id else f"{key}, line {number}"


def _within(arrival_hour: str, hours: Hours) -> bool:
    if not arrival_hour:
        return not hours.bounded
    return hours.hold(datetime.strptime(arrival_hour, "%Y/%m/%d/%H").replace(tzinfo=UTC))


NOWHERE = "raw record in no table of the lake"
EVENT_DIFFERS = "event of the lake that differs from its raw record"
REJECT_DIFFERS = "reject of the lake that differs from its raw record"
RECORDS_BY_OBJECT = "SELECT source_object, COUNT(*) FROM judged GROUP BY source_object"
REJECTS_BETWEEN = "SELECT source_object, line_number, reason, line FROM rejects WHERE source_object BETWEEN ? AND ?"
DUPLICATES = "SELECT source_object, SUM(duplicates) FROM runs GROUP BY source_object"
DOUBLED = """
SELECT event_id, times FROM (
  SELECT event_id, COUNT(*) AS times, MIN(source_object) AS first_object FROM events GROUP BY event_id
) AS counted
WHERE times > 1
ORDER BY first_object, event_id"""
JUDGED = "SELECT outcome, SUM(records) FROM tallies GROUP BY outcome"
