"""What is told when a number changes that people could have read: from what, to what, when, and because of what.

Changes are written before the mart is replaced, each under an id that only this change has: a build that dies between
the two finds the same changes again and tells them once.
"""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from glue_jobs.changes import Changes, days_of_week, week_of
from glue_jobs.engine import Engine
from glue_jobs.marts import Mart, Period, Reading
from glue_jobs.readings import on_days
from glue_jobs.tables import RESTATEMENTS


@dataclass(frozen=True, kw_only=True)
class Restatements:
    """Tells the changes of one build."""

    engine: Engine
    changes: Changes
    restated_at: datetime

    def tell(self, mart: Mart, computed: str, periods: Collection[date] | None) -> int:
        """Compare the mart with what has been computed for these periods, None for no period; return the changes."""
        if mart.name in self.changes.outdated or not mart.tells_changes:
            return 0  # a mart that is computed otherwise says something else, and `built_with` since when
        if not (compared := self._conditions(mart, periods)):
            return 0
        answer = self.engine.ask(_differences_sql(mart, computed, *compared))
        rows = [row for found in answer.rows for row in self._rows(mart, dict(zip(answer.columns, found, strict=True)))]
        if rows:
            self.engine.present("told", RESTATEMENTS.columns, rows)
            self.engine.append(RESTATEMENTS, NOT_TOLD_YET)
        return len(rows)

    def _conditions(self, mart: Mart, periods: Collection[date] | None) -> tuple[str, str] | None:
        """Return which rows to compare and which of their changes to tell; None where there are none.

        Of a day or week that was over everything is told. One that was still running has grown, as has a mart without
        a period: of those it is told where something else than events changed what people could have read.
        """
        judged = self._judged_days(mart)
        if periods is None:
            return ("1 = 1", BY_PEOPLE_ALONE) if judged else None
        column, built = mart.period.value, self.changes.built
        known = (built.keys() if mart.period is Period.DAY else {week_of(day) for day in built}) & set(periods)
        over = {start for start in known if self.changes.was_over(_days(mart.period, start)[-1])}
        anew = {start for start in known - over if not judged.isdisjoint(_days(mart.period, start))}
        if not over | anew:
            return None
        told = f"{on_days(column, over)} OR {BY_PEOPLE_ALONE}" if over else BY_PEOPLE_ALONE
        return on_days(column, over | anew), told

    def _judged_days(self, mart: Mart) -> frozenset[date]:
        """Return the days that people could have read and of which a verdict or the setting has changed."""
        changes = self.changes
        taken_back = changes.stale if mart.name in self._told_in_vain else frozenset()
        return (changes.judged_anew | taken_back) & changes.settled

    @cached_property
    def _told_in_vain(self) -> frozenset[str]:
        """The marts of which a build that died has told changes; maybe what it told of has been taken back."""
        if not self.changes.stale or self.changes.built_at is None:
            return frozenset()
        since = f"CAST('{self.changes.built_at}' AS TIMESTAMPTZ)"
        found = self.engine.ask(f"SELECT DISTINCT mart FROM restatements WHERE restated_at > {since}").rows
        return frozenset(name for (name,) in found)

    def _rows(self, mart: Mart, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        period_start = found.get(mart.period.value)
        cause, incidents = self._because(mart.period, period_start, found["reading"], found["grew"])
        names = {"mart": mart.name, "reading": found["reading"], "row_key": _row_key(mart, found)}
        for number in mart.numbers:
            was, now = _text(found[f"was_{number}"]), _text(found[f"now_{number}"])
            if was == now:
                continue
            change = {**names, "period_start": period_start, "number": number, "was": was, "now": now}
            yield {
                **change,
                "restatement_id": self._id(change),
                "restated_at": self.restated_at,
                "cause": cause,
                "incident_ids": list(incidents),
            }

    def _because(
        self, period: Period, period_start: date | None, reading: str, grew: bool
    ) -> tuple[str, tuple[str, ...]]:
        """Return why a number changed, and the incidents; what all traffic did alike is the events' doing."""
        by_events = reading == Reading.ALL_TRAFFIC or grew
        changes = self.changes
        own = frozenset(changes.known if period_start is None else _days(period, period_start))
        # A session counts on the day it began, and what changed may reach only into its next day.
        for days, readable in ((own, own & changes.settled), (changes.days, changes.days)):
            judged = frozenset[date]() if by_events else readable
            incidents = changes.incidents(judged)
            causes = {
                "verdict": incidents,
                "setting": changes.setting_days & judged,
                "events": changes.event_days & days,
            }
            if any(causes.values()):
                return " and ".join(name for name, found in causes.items() if found), incidents
        return "undone", ()

    def _id(self, change: dict[str, Any]) -> str:
        since = self.changes.built_at and self.changes.built_at.isoformat()
        return hashlib.sha256(json.dumps([since, change], default=str, sort_keys=True).encode()).hexdigest()


def _days(period: Period, start: date) -> list[date]:
    return [start] if period is Period.DAY else days_of_week(start)


def _differences_sql(mart: Mart, computed: str, compared: str, told: str) -> str:
    """Return the query for the rows that are others now; `grew` are those of people that all traffic's equal."""
    keys = ("reading", *mart.key)
    same = " AND ".join(f"was.{key} = now.{key}" for key in keys)
    names = ", ".join(f"COALESCE(was.{key}, now.{key}) AS {key}" for key in keys)
    numbers = ", ".join(f"was.{name} AS was_{name}, now.{name} AS now_{name}" for name in mart.numbers)
    differ = " OR ".join(f"was.{name} IS DISTINCT FROM now.{name}" for name in mart.numbers)
    alike = ", ".join((*mart.key, *(f"{when}_{name}" for name in mart.numbers for when in ("was", "now"))))
    return f"""
WITH moved AS (
  SELECT {names}, {numbers}
  FROM (SELECT * FROM {mart.name} WHERE {compared}) AS was
  FULL JOIN (SELECT * FROM {computed} WHERE {compared}) AS now ON {same}
  WHERE {differ}
), beside AS (
  SELECT *, reading = '{Reading.PEOPLE_ONLY}' AND COUNT(*) OVER (PARTITION BY {alike}) = 2 AS grew FROM moved
)
SELECT * FROM beside WHERE {told} ORDER BY {", ".join(keys)}"""


def _row_key(mart: Mart, found: dict[str, Any]) -> str:
    return ", ".join(f"{key}={found[key]}" for key in mart.key if key != mart.period.value)


def _text(number: int | float | Decimal | None) -> str:
    return "" if number is None else str(number)


# Neither a verdict nor the setting changes anything in all traffic; where the two moved alike, it was by events alone.
BY_PEOPLE_ALONE = f"(reading = '{Reading.PEOPLE_ONLY}' AND NOT grew)"
NOT_TOLD_YET = f"""
SELECT {", ".join(RESTATEMENTS.column_names)} FROM told
WHERE NOT EXISTS (SELECT 1 FROM restatements WHERE restatements.restatement_id = told.restatement_id)"""
