"""The days on which sessions begin that a verdict reaches into, maybe a day later: there the readings differ too."""

from collections.abc import Iterable
from datetime import date

from commerce.rules.rule import SubjectType
from glue_jobs.engine import Engine
from glue_jobs.marts import Reading
from glue_jobs.readings import STANDING_VERDICTS, on_days
from glue_jobs.verdicts import Verdict


def judged_session_days(engine: Engine, verdicts: Iterable[Verdict]) -> frozenset[date]:
    """Return the days. The verdicts are those presented as `standing_verdicts`, and the sessions are up to date."""
    reached: dict[str, set[date]] = {}
    for verdict in verdicts:
        reached.setdefault(verdict.subject_type, set()).update(verdict.days)
    queries = {
        SubjectType.USER: _OF_USERS,
        SubjectType.SESSION: _OF_SESSIONS,
        SubjectType.ADDRESS: _OF_ADDRESSES.format(
            days=on_days("event.event_day", reached.get(SubjectType.ADDRESS, ()))
        ),
    }
    answers = (engine.ask(query).rows for subject_type, query in queries.items() if subject_type in reached)
    return frozenset(day for rows in answers for (day,) in rows)


_OVERLAPPING = f"""
  sessions.reading = '{Reading.ALL_TRAFFIC}'
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
WHERE sessions.reading = '{Reading.ALL_TRAFFIC}'
  AND taken_out.event_time BETWEEN sessions.started_at AND sessions.ended_at
  AND (taken_out.user_session = sessions.session_id OR (taken_out.user_session IS NULL AND NOT sessions.tracked))"""
