"""How long rows are kept, and what has been forgotten since.

What is noted in `forgotten` comes before the rows go: whoever finds rows missing finds the reason, and a job that died
in between deletes them the next time. A day that has lost rows is final: it is not computed again, or its numbers would
be those of what happens to be left.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from glue_jobs.engine import Engine, day_literal
from glue_jobs.marts import marts
from glue_jobs.tables import EVENTS, FORGOTTEN, TABLES, Table

ARRIVAL, DAY = "arrived_at", "day"
_HOUR = "%Y/%m/%d/%H"
_HOUR_OF_KEY = re.compile(r"\d{4}/\d{2}/\d{2}/\d{2}")


def forget(engine: Engine, kept: Mapping[str, int], *, now: datetime) -> int:
    """Delete the rows that are older than their table is `kept` for, in days; return how many.

    A row of a mart is as old as its day, any other as its arrival. Whole UTC days go. All is noted before anything
    goes: a day must be final before the incidents are gone by which its events were judged.
    """
    tables = {table.name: table for table in (*TABLES, *(mart.table for mart in marts()))}
    over = [
        _Over(table=tables[name], before=now.astimezone(UTC).date() - timedelta(days=days), at=now)
        for name, days in kept.items()
    ]
    rows = {each: count for each in over if (count := each.count(engine))}
    for each in rows:
        each.note(engine)
    for each in rows:
        engine.delete_before(each.table, each.column, each.before)
    return sum(rows.values())


@dataclass(frozen=True, kw_only=True)
class _Over:
    """The rows of a table from before a day."""

    table: Table
    before: date
    at: datetime

    @property
    def column(self) -> str:
        """The column that says how old a row is."""
        return ARRIVAL if ARRIVAL in self.table.column_names else DAY

    @property
    def _rows(self) -> str:
        return f"FROM {self.table.name} WHERE CAST({self.column} AS DATE) < {day_literal(self.before)}"

    def count(self, engine: Engine) -> int:
        """Return how many there are."""
        return int(engine.ask(f"SELECT COUNT(*) {self._rows}").rows[0][0])

    def note(self, engine: Engine) -> None:
        """Write down of which days they are."""
        day = self.table.partition or f"CAST({ARRIVAL} AS DATE)"
        days = [day for (day,) in engine.ask(f"SELECT DISTINCT {day} {self._rows}").rows]
        row = {"table_name": self.table.name, "until_hour": self._until_hour(), "forgotten_at": self.at}
        engine.present("over", FORGOTTEN.columns, [{**row, "day": each} for each in sorted(days)])
        columns = ", ".join(FORGOTTEN.column_names)
        listed = ", ".join(map(day_literal, sorted(days)))
        others = f"SELECT {columns} FROM forgotten WHERE table_name <> '{self.table.name}' OR day NOT IN ({listed})"
        engine.replace(FORGOTTEN, f"{others} UNION ALL SELECT {columns} FROM over")

    def _until_hour(self) -> str:
        """Return the first hour of arrival that is kept: the rows of an object arrived at the end of its hour."""
        if self.column == DAY:
            return ""
        return f"{datetime.combine(self.before, time()) - timedelta(hours=1):{_HOUR}}"


def lost_days(engine: Engine) -> dict[str, frozenset[date]]:
    """Return for each table that has forgotten something of which days."""
    days: dict[str, set[date]] = {}
    for name, day in engine.ask("SELECT table_name, day FROM forgotten").rows:
        days.setdefault(name, set()).add(day)
    return {name: frozenset(found) for name, found in days.items()}


def final_days(lost: Mapping[str, frozenset[date]], *, built: Set[date]) -> frozenset[date]:
    """Return the `built` days that are final: those that have lost rows, and the next ones, which visits reach into.

    What is neither an event nor a mart's is no part of a day's numbers.
    """
    made_of = {EVENTS.name, *(mart.name for mart in marts())}
    days = frozenset[date]().union(*(found for name, found in lost.items() if name in made_of))
    return frozenset(day + timedelta(days=n) for day in days for n in (0, 1)) & built


def until_hours(engine: Engine) -> dict[str, str]:
    """Return for each table that has forgotten something the hour before which it misses rows of raw objects."""
    return dict(engine.ask("SELECT table_name, MAX(until_hour) FROM forgotten GROUP BY table_name").rows)


def hour_of_object(key: str) -> str:
    """Return the hour of arrival that the key of a raw object names, in the form of `until_hour`; empty for none."""
    found = _HOUR_OF_KEY.search(key)
    return found[0] if found else ""


def hour_of(arrived_at: datetime) -> str:
    """Return the hour of an object whose records arrived by then, in the form of `until_hour`."""
    return f"{arrived_at.astimezone(UTC) - timedelta(hours=1):{_HOUR}}"
