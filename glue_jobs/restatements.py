"""What is told when a number changes that people could have read: from what, to what, when, and because of what.

Changes are written before the mart is replaced, each under an id that only this change has: a build that dies between
the two finds the same changes again and tells them once.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
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
        if not mart.tells_changes or not (known := self._known(mart, periods)):
            return 0
        condition = "1 = 1" if periods is None else on_days(mart.period.value, known)
        answer = self.engine.ask(_differences_sql(mart, computed, condition))
        rows = [row for found in answer.rows for row in self._rows(mart, dict(zip(answer.columns, found, strict=True)))]
        if rows:
            self.engine.present("told", RESTATEMENTS.columns, rows)
            self.engine.append(RESTATEMENTS, NOT_TOLD_YET)
        return len(rows)

    def _known(self, mart: Mart, periods: Collection[date] | None) -> set[date]:
        """Return the periods that have been built before: what nobody could have read is not restated.

        Nor is what only grew: a day or week that was still running, unless a verdict changed it.
        """
        built, changes = self.changes.built, self.changes
        if periods is None:  # such a mart grows with every day; only verdicts and settings change what it said
            return set(built) if changes.changed_verdicts or changes.setting_days else set()
        known = built.keys() if mart.period is Period.DAY else {week_of(day) for day in built}
        return {
            start
            for start in known & set(periods)
            if self._was_over(mart.period, start) or self._judged_anew(_days(mart.period, start))
        }

    def _was_over(self, period: Period, start: date) -> bool:
        """Return whether a day or week had ended when the marts were last built."""
        last_day = start if period is Period.DAY else days_of_week(start)[-1]
        return self.changes.built_at is not None and self.changes.built_at.date() > last_day

    def _judged_anew(self, days: Iterable[date] | None) -> bool:
        """Return whether a verdict changed on these days, None for any, or the setting of who is welcome."""
        return bool(self.changes.incidents(days)) or self._set_anew(days)

    def _set_anew(self, days: Iterable[date] | None) -> bool:
        changed = self.changes.setting_days
        return bool(changed if days is None else changed.intersection(days))

    def _rows(self, mart: Mart, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        period_start = found.get(mart.period.value)
        cause, incidents = self._because(mart.period, period_start, found["reading"])
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

    def _because(self, period: Period, period_start: date | None, reading: str) -> tuple[str, tuple[str, ...]]:
        days = _days(period, period_start)
        events = bool(self.changes.event_days if days is None else self.changes.event_days & set(days))
        if reading == Reading.ALL_TRAFFIC:
            return "events", ()
        if not events and not self._judged_anew(days):
            days = None  # a session counts on the day it began, and a verdict may reach only into its next day
        incidents = self.changes.incidents(days)
        causes = {"verdict": bool(incidents), "setting": self._set_anew(days), "events": events}
        return " and ".join(name for name, holds in causes.items() if holds) or "events", incidents

    def _id(self, change: dict[str, Any]) -> str:
        since = self.changes.built_at and self.changes.built_at.isoformat()
        return hashlib.sha256(json.dumps([since, change], default=str, sort_keys=True).encode()).hexdigest()


def _days(period: Period, period_start: date | None) -> Iterable[date] | None:
    if period_start is None:
        return None
    return [period_start] if period is Period.DAY else days_of_week(period_start)


def _differences_sql(mart: Mart, computed: str, condition: str) -> str:
    keys = ("reading", *mart.key)
    same = " AND ".join(f"was.{key} = now.{key}" for key in keys)
    names = ", ".join(f"COALESCE(was.{key}, now.{key}) AS {key}" for key in keys)
    numbers = ", ".join(f"was.{name} AS was_{name}, now.{name} AS now_{name}" for name in mart.numbers)
    differ = " OR ".join(f"was.{name} IS DISTINCT FROM now.{name}" for name in mart.numbers)
    return f"""
SELECT {names}, {numbers}
FROM (SELECT * FROM {mart.name} WHERE {condition}) AS was
FULL JOIN (SELECT * FROM {computed} WHERE {condition}) AS now ON {same}
WHERE {differ}
ORDER BY {", ".join(keys)}"""


def _row_key(mart: Mart, found: dict[str, Any]) -> str:
    return ", ".join(f"{key}={found[key]}" for key in mart.key if key != mart.period.value)


def _text(number: int | float | Decimal | None) -> str:
    return "" if number is None else str(number)


NOT_TOLD_YET = f"""
SELECT {", ".join(RESTATEMENTS.column_names)} FROM told
WHERE NOT EXISTS (SELECT 1 FROM restatements WHERE restatements.restatement_id = told.restatement_id)"""
