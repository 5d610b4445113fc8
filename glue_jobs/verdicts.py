"""Whose events are not a person's, from when until when: what the people-only reading leaves out.

An incident of a rule that marks an automaton is a verdict until somebody withdraws it. It takes the events of a user, a
session or an address out from a pane before the first window that crossed the threshold to the last moment above it:
the window of the pane before did not cross it, so whoever went on evenly began no earlier. While its subject is on the
allow list it takes out nothing: an incident that opened before the entry ends does so from that end on.

A surge has no single user. Of those seen during it, its crowd are the users who looked and did nothing else, who were
not seen otherwise that day nor in the month before, and whose browser is one that far more of them have than usual:
a botnet runs one tool. First-time visitors who came at that very time with an ordinary browser stay people.
"""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from commerce.allowance import AllowList
from commerce.rules import RULES
from commerce.rules.rule import SubjectType
from glue_jobs.allowances import allow_list
from glue_jobs.engine import Engine
from glue_jobs.readings import on_days
from glue_jobs.tables import VERDICTS

CROWD_REMEMBERED = timedelta(days=30)
CROWD_COMPARED_WITH = timedelta(hours=1)
CROWD_TIMES_USUAL = 3
CROWD_LEAST_USERS = 20


@dataclass(frozen=True, order=True)
class Verdict:
    """One subject's events from one incident; the fields are the columns of the table `verdicts`."""

    incident_id: str
    rule: str
    subject_type: str
    subject: str
    taken_out_from: datetime
    taken_out_until: datetime

    @property
    def days(self) -> frozenset[date]:
        """The UTC days it reaches into."""
        return days_between(self.taken_out_from, self.taken_out_until)


def days_between(first: datetime, last: datetime) -> frozenset[date]:
    """Return the UTC days from one instant to another, both included."""
    begin, end = first.astimezone(UTC).date(), last.astimezone(UTC).date()
    return frozenset(begin + timedelta(days=n) for n in range((end - begin).days + 1))


def built_verdicts(engine: Engine) -> frozenset[Verdict]:
    """Return the verdicts that the marts were last built with."""
    return frozenset(
        Verdict(*row) for row in engine.ask(f"SELECT {', '.join(VERDICTS.column_names)} FROM verdicts").rows
    )


def standing_verdicts(engine: Engine, *, lost_events: frozenset[date] = frozenset()) -> frozenset[Verdict]:
    """Return the verdicts that stand now.

    Who was in a crowd is told by the month before it. Where days of that are among the `lost_events`, everybody would
    be new: then it is as the marts were last built with.
    """
    allowed = allow_list(engine)
    before = built_verdicts(engine) if lost_events else frozenset()
    found: set[Verdict] = set()
    for row in engine.ask(STANDING_INCIDENTS).rows:
        incident_id, _, subject_type, _, opened_at, last_seen_at, window_seconds = row
        looked_at = days_between(opened_at - timedelta(seconds=window_seconds) - CROWD_REMEMBERED, last_seen_at)
        if subject_type == SubjectType.SITE and not lost_events.isdisjoint(looked_at):
            found.update(verdict for verdict in before if verdict.incident_id == incident_id)
        else:
            found.update(_of_incident(engine, row, allowed))
    return frozenset(found)


def present_verdicts(engine: Engine, name: str, verdicts: Iterable[Verdict]) -> None:
    """Make the verdicts a relation of that name."""
    rows = [dict(zip(VERDICTS.column_names, astuple(verdict), strict=True)) for verdict in sorted(verdicts)]
    engine.present(name, VERDICTS.columns, rows)


def _of_incident(engine: Engine, row: tuple[Any, ...], allowed: AllowList) -> Iterator[Verdict]:
    incident_id, rule, subject_type, subject, opened_at, last_seen_at, window_seconds = row
    begin = opened_at - timedelta(seconds=window_seconds + (0 if subject_type == SubjectType.SITE else _PANES[rule]))
    if entry := allowed.covering(subject_type, subject, at=opened_at):
        begin = max(begin, entry.expires_at)
    if begin > last_seen_at:
        return
    if subject_type != SubjectType.SITE:
        yield Verdict(incident_id, rule, subject_type, subject, begin, last_seen_at)
        return
    for user_id in _crowd(engine, begin, last_seen_at):
        if allowed.covering(SubjectType.USER, user_id, at=opened_at) is None:
            yield Verdict(incident_id, rule, SubjectType.USER.value, user_id, begin, last_seen_at)


def _crowd(engine: Engine, begin: datetime, end: datetime) -> list[str]:
    return [user_id for (user_id,) in engine.ask(_crowd_sql(begin, end)).rows]


def _crowd_sql(begin: datetime, end: datetime) -> str:
    """Return the query for the users of a surge's crowd."""
    span = f"event_time BETWEEN {_instant(begin)} AND {_instant(end)}"
    span_days = on_days("event_day", days_between(begin, end))
    known_days = on_days("event_day", days_between(begin - CROWD_REMEMBERED, end))
    before = begin - CROWD_COMPARED_WITH
    usual_share = (end - begin) / CROWD_COMPARED_WITH
    return f"""
WITH here AS (
  SELECT user_id, COALESCE(MIN(user_agent), '') AS agent, SUM(CASE WHEN event_type = 'view' THEN 0 ELSE 1 END) AS deeds
  FROM events WHERE {span_days} AND {span}
  GROUP BY user_id
), known AS (
  SELECT DISTINCT user_id FROM events
  WHERE {known_days} AND NOT ({span}) AND user_id IN (SELECT user_id FROM here)
), suspects AS (
  SELECT user_id, agent FROM here
  WHERE deeds = 0 AND NOT EXISTS (SELECT 1 FROM known WHERE known.user_id = here.user_id)
), usual AS (
  SELECT agent, COUNT(*) AS users FROM (
    SELECT user_id, COALESCE(MIN(user_agent), '') AS agent FROM events
    WHERE {on_days("event_day", days_between(before, begin))}
      AND event_time >= {_instant(before)} AND event_time < {_instant(begin)}
    GROUP BY user_id
  ) AS an_hour_before
  GROUP BY agent
), crowds AS (
  SELECT suspects.agent FROM suspects LEFT JOIN usual ON usual.agent = suspects.agent
  GROUP BY suspects.agent
  HAVING COUNT(*) >= {CROWD_LEAST_USERS}
    AND COUNT(*) > {CROWD_TIMES_USUAL} * {usual_share!r} * COALESCE(MAX(usual.users), 0)
)
SELECT user_id FROM suspects WHERE agent IN (SELECT agent FROM crowds) ORDER BY user_id"""


def _instant(moment: datetime) -> str:
    return f"CAST('{moment.astimezone(UTC).isoformat(sep=' ')}' AS TIMESTAMPTZ)"


_PANES = {rule.name: rule.pane_seconds for rule in RULES}
_MARKING = ", ".join(f"'{rule.name}'" for rule in RULES if rule.marks_automaton)
STANDING_INCIDENTS = f"""
SELECT incident_id, rule, subject_type, subject, opened_at, last_seen_at, window_seconds
FROM incidents
WHERE rule IN ({_MARKING}) AND incident_id NOT IN (
  SELECT incident_id FROM (
    SELECT incident_id, withdrawn,
      ROW_NUMBER() OVER (PARTITION BY incident_id ORDER BY decided_at DESC, withdrawn) AS nth
    FROM withdrawals
  ) AS decisions
  WHERE nth = 1 AND withdrawn
)
ORDER BY incident_id"""
