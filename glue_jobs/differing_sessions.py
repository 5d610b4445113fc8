"""The days on which the sessions of the two readings differ, though no event of these days was taken out.

A verdict may reach into a session that began a day before. Or it takes out the beginning of one, and the visit of a
person begins a day later.
"""

from collections.abc import Collection, Iterable
from datetime import date

from glue_jobs.changes import days_of_week, week_of
from glue_jobs.engine import Engine
from glue_jobs.marts import Reading, marts
from glue_jobs.readings import on_days
from glue_jobs.sessions import SESSIONS


def days_of_sessions(days: Iterable[date]) -> frozenset[date]:
    """Return all days whose sessions are part of what is computed for these: of whole weeks, and of days around."""
    weeks = [day for monday in {week_of(day) for day in days} for day in days_of_week(monday)]
    made_of_sessions = {SESSIONS}
    found = set(weeks)
    for mart in marts():  # each behind those it reads
        if not made_of_sessions.isdisjoint(mart.reads):
            made_of_sessions.add(mart.name)
            found |= mart.made_of(mart.touched_by(weeks))
    return frozenset(found)


def differing_session_days(engine: Engine, *, among: Collection[date]) -> frozenset[date]:
    """Return those of the days, but for the verdicts' own ones. The sessions are up to date."""
    return frozenset(day for (day,) in engine.ask(_DIFFERING.format(among=on_days("day", among))).rows)


# Where no event of a day was taken out, each session that begins on it in all traffic does so among people: with fewer
# events, if some were taken out later, and beside others, if they have lost what came before that day.
_DIFFERING = f"""
SELECT day FROM (
  SELECT day, CASE WHEN reading = '{Reading.PEOPLE_ONLY}' THEN 1 ELSE -1 END AS sign, events
  FROM sessions WHERE {{among}}
) AS counted
GROUP BY day HAVING SUM(sign) <> 0 OR SUM(sign * events) <> 0"""
