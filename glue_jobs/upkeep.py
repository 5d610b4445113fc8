"""The upkeep job: keeps the lake's files few and its past short, and forgets rows whose time is over.

It changes no row that stays, so nothing is computed again. Each run of `curate` and `marts` leaves small files and
snapshots behind. Small files make questions slow; snapshots keep every file that was ever replaced. A job that died
leaves files that no snapshot names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from glue_jobs.engine import Engine
from glue_jobs.marts import marts
from glue_jobs.retention import forget
from glue_jobs.settings import LakeSettings, kept_days
from glue_jobs.tables import FORGOTTEN, TABLES, Table


def every_table() -> tuple[Table, ...]:
    """Return all tables of the lake, marts included."""
    return (*TABLES, *(mart.table for mart in marts()))


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """One run over some tables, all of them unless told otherwise."""

    engine: Engine
    settings: LakeSettings
    clock: Callable[[], datetime]
    tables: Sequence[Table] = field(default_factory=every_table)
    reached: Callable[[str], None] = lambda _step: None

    def run(self) -> dict[str, int]:
        """Forget old rows, merge small files, forget old snapshots, delete what nothing names; return what came of it.

        Raises SettingsError for a retention that is none.
        """
        kept = kept_days(self.settings.table_retention)
        for table in (*self.tables, FORGOTTEN):
            self.engine.create(table)
        account = {"rows_forgotten": forget(self.engine, kept, now=self.clock())}
        self.reached("forgotten")
        account |= {"tables": 0, "files_before": 0, "files_after": 0, "snapshots_expired": 0, "files_deleted": 0}
        for table in self.tables:
            # Of a table that forgets, no snapshot may show for longer than others what is forgotten.
            keep = 1 if table.name in kept else self.settings.snapshots_kept
            for name, number in self._table(table, keep=keep).items():
                account[name] += number
            self.reached(table.name)
        return account

    def _table(self, table: Table, *, keep: int) -> dict[str, int]:
        engine, settings, now = self.engine, self.settings, self.clock()
        before = engine.count_files(table)
        engine.compact(table, small_megabytes=settings.small_file_megabytes, from_files=settings.small_files)
        expired = engine.expire(table, keep=keep, before=now - timedelta(days=settings.snapshot_days))
        orphans = engine.remove_orphans(table, before=now - timedelta(days=settings.orphan_days))
        return {
            "tables": 1,
            "files_before": before,
            "files_after": engine.count_files(table),
            "snapshots_expired": expired.snapshots,
            "files_deleted": expired.files + orphans,
        }
