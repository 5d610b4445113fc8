"""Sessions do not end at midnight: the days to compute again reach as far as the sessions that touch them.

Events that come or go can lengthen, shorten, join or part only sessions that reach into their days or, for untracked
ones, to within half an hour of them. Those are computed anew from all of their events; every other session stays.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from glue_jobs.engine import Engine
from glue_jobs.marts import Mart, Reading
from glue_jobs.readings import by_people, on_days
from glue_jobs.tables import EVENTS

SESSIONS = "sessions"
PAUSE_MINUTES = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Keeps the table of sessions. `differing_days` are those on which the readings may differ, or have differed.

    `known_networks` are those of welcome automata. `foretell` is told the days on which sessions will be others, before
    they are.
    """

    engine: Engine
    mart: Mart
    differing_days: frozenset[date]
    known_networks: frozenset[str]
    foretell: Callable[[frozenset[date]], None]

    def rebuild(self, days: Collection[date]) -> frozenset[date]:
        """Compute the sessions that touch these days; return the days on which sessions begin that are others now."""
        begun, reached = self._compute(Reading.ALL_TRAFFIC, days)
        if self.differing_days.isdisjoint(begun | reached | frozenset(days)):
            self._put(begun, people=Reading.ALL_TRAFFIC)
            return begun
        begun_by_people, _ = self._compute(Reading.PEOPLE_ONLY, days)
        self._put(begun | begun_by_people, people=Reading.PEOPLE_ONLY)
        return begun | begun_by_people

    def _compute(self, reading: Reading, days: Collection[date]) -> tuple[frozenset[date], frozenset[date]]:
        """Hold the touched sessions as they were and as they are.

        Returns the days they began and begin on, and all days that the touched ones reached into.
        """
        self.engine.hold(f"touched_{reading}", _touched_sql(reading, days))
        spans = f"SELECT DISTINCT CAST(started_at AS DATE), CAST(ended_at AS DATE) FROM touched_{reading}"
        reached = frozenset(day for first, last in self.engine.ask(spans).rows for day in _from_to(first, last))
        self.engine.hold(f"anew_{reading}", self._anew_sql(reading, days, reached - frozenset(days)))
        began = f"SELECT day FROM touched_{reading} UNION SELECT day FROM anew_{reading}"
        return frozenset(day for (day,) in self.engine.ask(began).rows), reached

    def _anew_sql(self, reading: Reading, days: Collection[date], reached: Collection[date]) -> str:
        """Return the sessions of the events of these days and of the touched sessions."""
        names = ", ".join(EVENTS.column_names)
        members = [f"SELECT {names} FROM events WHERE {on_days('event_day', days)}"]
        if reached:
            members += [
                f"SELECT {names} FROM events AS event WHERE {belongs}" for belongs in _belonging(reading, reached)
            ]
        seen = " UNION ALL ".join(members)
        people = by_people("members", self.known_networks) if reading is Reading.PEOPLE_ONLY else ""
        return (
            f"WITH seen_events AS (SELECT * FROM ({seen}) AS members {people}) "
            f"SELECT {', '.join(self.mart.column_names)} FROM ({self.mart.sql}\n) AS mart"
        )

    def _put(self, begun: frozenset[date], *, people: Reading) -> None:
        """Replace those days; `people` says whose computation holds for the people-only reading."""
        if not begun:
            return
        self.foretell(begun)
        columns = ", ".join(self.mart.column_names)
        computed = {Reading.ALL_TRAFFIC: Reading.ALL_TRAFFIC, Reading.PEOPLE_ONLY: people}
        selects = [
            f"SELECT '{reading}' AS reading, {columns} FROM ({_after(reading, source, columns, begun)}) AS afterwards"
            for reading, source in computed.items()
        ]
        self.engine.replace_where(self.mart.table, " UNION ALL ".join(selects), "day", begun)


def _touched_sql(reading: Reading, days: Collection[date]) -> str:
    """Return the sessions of a reading that events of these days belong to, did belong to, or may join."""
    pause = f"INTERVAL {PAUSE_MINUTES} MINUTE"
    near = " OR ".join(
        f"(CAST(started_at - {pause} AS DATE) <= DATE '{last}' AND CAST(ended_at + {pause} AS DATE) >= DATE '{first}')"
        for first, last in _runs(days)
    )
    return f"""
SELECT * FROM sessions
WHERE reading = '{reading}' AND ({near} OR (tracked AND EXISTS (
  SELECT 1 FROM events
  WHERE {on_days("event_day", days)} AND events.user_id = sessions.user_id AND events.user_session = sessions.session_id
)))"""


def _belonging(reading: Reading, reached: Collection[date]) -> Iterator[str]:
    """Yield the conditions under which an event of the days reached belongs to a touched session.

    The event goes by an alias because a session has a column `events`, which Spark would take the name for.
    """
    touched = f"SELECT 1 FROM touched_{reading} AS touched WHERE touched.user_id = event.user_id"
    yield f"{on_days('event_day', reached)} AND EXISTS ({touched} AND touched.session_id = event.user_session)"
    yield (
        f"{on_days('event_day', reached)} AND event.user_session IS NULL AND EXISTS ({touched} "
        "AND NOT touched.tracked AND event.event_time BETWEEN touched.started_at AND touched.ended_at)"
    )


def _after(reading: Reading, computed: Reading, columns: str, begun: Collection[date]) -> str:
    """Return what the days of a reading hold afterwards: sessions left alone, and those computed anew."""
    return f"""
SELECT {columns} FROM sessions
WHERE reading = '{reading}' AND {on_days("day", begun)} AND NOT EXISTS (
  SELECT 1 FROM touched_{computed} AS touched
  WHERE touched.user_id = sessions.user_id AND touched.session_id = sessions.session_id AND touched.day = sessions.day
)
UNION ALL
SELECT {columns} FROM anew_{computed}"""


def _runs(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of each unbroken row of days."""
    ordered = sorted(days)
    begins = [day for day in ordered if day - _DAY not in days]
    ends = [day for day in ordered if day + _DAY not in days]
    return zip(begins, ends, strict=True)


def _from_to(first: date, last: date) -> Iterator[date]:
    return (first + n * _DAY for n in range((last - first).days + 1))
