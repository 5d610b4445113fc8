"""The days on which sessions begin that a verdict reaches into, maybe a day later: there the readings differ too."""

from collections.abc import Collection, Iterable
from datetime import date

from commerce.rules.rule import SubjectType
from glue_jobs.changes import days_of_week, week_of
from glue_jobs.engine import Engine
from glue_jobs.marts import Reading, marts
from glue_jobs.readings import STANDING_VERDICTS, on_days
from glue_jobs.sessions import SESSIONS
from glue_jobs.verdicts import Verdict


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


def judged_session_days(engine: Engine, verdicts: Iterable[Verdict], *, among: Collection[date]) -> frozenset[date]:
    """Return those of the days. The verdicts are presented as `standing_verdicts`, and the sessions are up to date."""
    reached: dict[str, set[date]] = {}
    for verdict in verdicts:
        reached.setdefault(verdict.subject_type, set()).update(verdict.days)
    begun = on_days("sessions.day", among)
    queries = {SubjectType.USER: _OF_USERS, SubjectType.SESSION: _OF_SESSIONS}
    found = [query.format(begun=begun) for subject_type, query in queries.items() if subject_type in reached]
    if days := _days_with_their_events(engine, reached.get(SubjectType.ADDRESS, set()), begun):
        found.append(_OF_ADDRESSES.format(begun=begun, days=on_days("event.event_day", days)))
    return frozenset(day for query in found for (day,) in engine.ask(query).rows)


def _days_with_their_events(engine: Engine, days: Collection[date], begun: str) -> list[date]:
    """Return those of the days that the sessions begun then reach into: a visit may be taken up again days later."""
    if not days:
        return []
    spans = f"SELECT MIN(day), MAX(CAST(ended_at AS DATE)) FROM sessions WHERE {_IN_ALL_TRAFFIC} AND {begun}"
    ((first, last),) = engine.ask(spans).rows
    return [] if first is None else sorted(day for day in days if first <= day <= last)


_IN_ALL_TRAFFIC = f"sessions.reading = '{Reading.ALL_TRAFFIC}'"
_OVERLAPPING = f"""
  {_IN_ALL_TRAFFIC} AND {{begun}}
  AND sessions.started_at <= verdict.taken_out_until AND sessions.ended_at >= verdict.taken_out_from"""
_OF_USERS = f"""
SELECT DISTINCT sessions.day FROM sessions JOIN {STANDING_VERDICTS} AS verdict ON verdict.subject = sessions.user_id
WHERE verdict.subject_type = '{SubjectType.USER}' AND {_OVERLAPPING}"""
_OF_SESSIONS = f"""
SELECT DISTINCT sessions.day FROM sessions JOIN {STANDING_VERDICTS} AS verdict ON verdict.subject = sessions.session_id
WHERE verdict.subject_type = '{SubjectType.SESSION}' AND sessions.tracked AND {_OVERLAPPING}"""
# A session has no address, its events have; which days they are on is known, so that not all events are read.
_OF_ADDRESSES = f"""
WITH taken_out AS (
  SELECT DISTINCT event.user_id, event.user_session, event.event_time
  FROM events AS event JOIN {STANDING_VERDICTS} AS verdict ON verdict.subject = event.ip_address
  WHERE verdict.subject_type = '{SubjectType.ADDRESS}' AND {{days}}
    AND event.event_time BETWEEN verdict.taken_out_from AND verdict.taken_out_until
)
SELECT DISTINCT sessions.day FROM sessions JOIN taken_out ON taken_out.user_id = sessions.user_id
WHERE {_IN_ALL_TRAFFIC} AND {{begun}}
  AND taken_out.event_time BETWEEN sessions.started_at AND sessions.ended_at
  AND (taken_out.user_session = sessions.session_id OR (taken_out.user_session IS NULL AND NOT sessions.tracked))"""
