"""The erase job: takes everything of one user out of the lake and out of the raw objects, and leaves a receipt.

The receipt is begun before anything is deleted, with what was found, and is completed last: a run that died is found
by it and done again to its end, with one receipt. In between, whatever is needed to find the rest goes after the rest:
incidents before raw objects, and the events last. The past goes too, because a snapshot still shows what was deleted.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

from glue_jobs.engine import Engine
from glue_jobs.erased_accounts import correct_runs
from glue_jobs.raw import RawBucket
from glue_jobs.raw_search import RawSearch
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import ERASURES, EVENTS, INCIDENTS, REJECTS, RUNS, TABLES, WITHDRAWALS, Table
from glue_jobs.user_search import (
    TABLES_WITH_SUBJECTS,
    Found,
    UserSearch,
    about_the_user,
    present_subjects,
    tables_with_users,
)


class EraseError(ValueError):
    """A user who cannot be erased; the message says why."""


@dataclass(frozen=True)
class Receipt:
    """A row of the table `erasures`; the fields are its columns."""

    COUNTS = ("events", "rejects", "other_rows", "raw_objects", "raw_records")

    erasure_id: str
    begun_at: datetime
    erased_at: datetime | None
    user_hash: str
    events: int = 0
    rejects: int = 0
    other_rows: int = 0
    raw_objects: int = 0
    raw_records: int = 0
    event_days: tuple[date, ...] = ()

    def covering(self, found: Found) -> "Receipt":
        """Return the receipt with at least what was found: a run that died may have deleted some of it already."""
        changed = found.changed_objects
        return replace(
            self,
            events=max(self.events, sum(found.events.values())),
            rejects=max(self.rejects, sum(map(len, found.rejects.values()))),
            other_rows=max(self.other_rows, found.other_rows),
            raw_objects=max(self.raw_objects, len(changed)),
            raw_records=max(self.raw_records, sum(touched.changed for touched in changed)),
            event_days=tuple(sorted({*self.event_days, *found.event_days})),
        )

    @property
    def account(self) -> dict[str, int]:
        """What was erased, in numbers."""
        return {name: getattr(self, name) for name in self.COUNTS}


@dataclass(frozen=True, kw_only=True)
class Erase:
    """One erasure. `reached` is told each step as it is completed: progress for people, a place to fail for tests."""

    engine: Engine
    raw: RawBucket
    settings: LakeSettings
    clock: Callable[[], datetime]
    user_id: str
    reached: Callable[[str], None] = lambda _step: None

    def run(self) -> dict[str, int]:
        """Erase the user; return what was. Raises EraseError, RawError."""
        if not self.user_id or "\n" in self.user_id:
            raise EraseError("erase needs the id of one user")
        for table in (*TABLES, *tables_with_users()):
            self.engine.create(table)
        search = self._raw_search()
        found = UserSearch(engine=self.engine, raw=search, user_id=self.user_id).find()
        self.reached("found")
        receipt = self._receipt(found)
        if receipt is None:
            return dict.fromkeys(Receipt.COUNTS, 0)
        self._write(receipt)
        self.reached("begun")
        self._tables(found)
        self._raw(search, found)
        self._delete_rows(EVENTS)
        self._past()
        self._write(replace(receipt, erased_at=self.clock()))
        self.reached("receipt")
        return receipt.account

    def _raw_search(self) -> RawSearch:
        known = self.engine.ask("SELECT source_object FROM runs WHERE duplicates > 0").rows
        return RawSearch(raw=self.raw, settings=self.settings, with_duplicates={key for (key,) in known})

    def _receipt(self, found: Found) -> Receipt | None:
        """Return the receipt that a run which died has begun, or a new one; None where all is done already."""
        user_hash = hashlib.sha256(self.user_id.encode()).hexdigest()
        columns = ", ".join(ERASURES.column_names)
        earlier = [
            Receipt(*row)
            for row in self.engine.ask(f"SELECT {columns} FROM erasures WHERE user_hash = ?", (user_hash,)).rows
        ]
        begun = [receipt for receipt in earlier if receipt.erased_at is None]
        if begun:
            return begun[0].covering(found)
        if found.anything:
            new = Receipt(uuid.uuid4().hex, self.clock(), None, user_hash)
            return new.covering(found)
        if not earlier:
            # Without the id: Glue mails and logs what a run says as it ends.
            raise EraseError("no such user in the lake or in the raw objects: nothing is erased")
        return None

    def _write(self, receipt: Receipt) -> None:
        self.engine.present("receipt", ERASURES.columns, [{**asdict(receipt), "event_days": list(receipt.event_days)}])
        columns = ", ".join(ERASURES.column_names)
        others = f"SELECT {columns} FROM erasures WHERE erasure_id <> '{receipt.erasure_id}'"
        self.engine.replace(ERASURES, f"{others} UNION ALL SELECT {columns} FROM receipt")

    def _tables(self, found: Found) -> None:
        """Delete what the tables hold of the user, but for the events."""
        if found.withdrawals:
            self.engine.delete(WITHDRAWALS, "incident_id", sorted(found.incident_ids))
        self.reached(WITHDRAWALS.name)
        if found.incident_ids or found.samples:
            self._incidents(found)
        self.reached(INCIDENTS.name)
        for table in tables_with_users():
            if found.rows[table.name]:
                self._delete_rows(table)
        self._subjects(found)
        correct_runs(self.engine, found)
        self.reached(RUNS.name)
        self.engine.delete_lines(REJECTS, found.rejects)
        self.reached(REJECTS.name)

    def _subjects(self, found: Found) -> None:
        """Delete the rows about the user from tables that name a subject by its type."""
        present_subjects(self.engine, found.sought)
        for table in TABLES_WITH_SUBJECTS:
            if found.rows[table.name]:
                columns = ", ".join(table.column_names)
                self.engine.replace(table, f"SELECT {columns} FROM {table.name} WHERE NOT {about_the_user(table)}")
            self.reached(table.name)

    def _incidents(self, found: Found) -> None:
        """Delete the incidents about the user, and take the user's events out of the samples of others."""
        changed = {*found.incident_ids, *(row["incident_id"] for row in found.samples)}
        self.engine.present("changed_incidents", WITHDRAWALS.columns[:1], [{"incident_id": name} for name in changed])
        self.engine.present("other_incidents", INCIDENTS.columns, found.samples)
        columns = ", ".join(INCIDENTS.column_names)
        others = f"SELECT {columns} FROM incidents WHERE incident_id NOT IN (SELECT incident_id FROM changed_incidents)"
        self.engine.replace(INCIDENTS, f"{others} UNION ALL SELECT {columns} FROM other_incidents")

    def _raw(self, search: RawSearch, found: Found) -> None:
        """Write the raw objects anew that hold the user, and delete what they were where the bucket keeps versions."""
        for touched in found.changed_objects:
            search.rewrite(touched, found.sought)
            self.reached(f"raw: {touched.raw.key}")
        for feed in ("incidents", "events"):
            for key in search.delete_versions(feed, found.sought):
                self.reached(f"older version: {key}")

    def _delete_rows(self, table: Table) -> None:
        """Delete the user's rows, told the partitions they are in so that no other file is read."""
        column = table.partition or "user_id"
        found = self.engine.ask(f"SELECT DISTINCT {column} FROM {table.name} WHERE user_id = ?", (self.user_id,)).rows
        if found:
            days = [day for (day,) in found] if table.partition else None
            self.engine.delete(table, "user_id", [self.user_id], days=days)
        self.reached(table.name)

    def _past(self) -> None:
        """Forget what the tables were before, and delete the files of it."""
        orphans_before = self.clock() - timedelta(days=self.settings.orphan_days)
        for table in (*tables_with_users(), *TABLES_WITH_SUBJECTS, WITHDRAWALS, INCIDENTS, REJECTS, EVENTS):
            self.engine.expire(table, keep=1)
            self.engine.remove_orphans(table, before=orphans_before)
            self.reached(f"past: {table.name}")
