"""The marts job: computes again what the lake's changes touch, and nothing else.

First the sessions, then each mart behind those it reads: the days and weeks touched of those with a period, the
whole of the others, which read only other marts and so never all events. Each write is one commit; what is about to
change is noted first and what has been built is noted last, so a build that dies is done again and gives the same
tables.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from glue_jobs.changes import Changes, days_of_week, note_stale, read_changes, week_of
from glue_jobs.definitions import note_definitions
from glue_jobs.differing_sessions import days_of_sessions, differing_session_days
from glue_jobs.engine import Engine
from glue_jobs.known_networks import note_networks
from glue_jobs.marts import Mart, Period, Reading, mart_named, marts
from glue_jobs.readings import STANDING_VERDICTS, mart_sql, on_days
from glue_jobs.restatements import Restatements
from glue_jobs.sessions import SESSIONS, Sessions
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import BUILT_DAYS, SHOP, SHOP_COLUMNS, TABLES, VERDICTS
from glue_jobs.verdicts import present_verdicts


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build. `asked_for` are days to compute again although nothing changed, as far as they have events.

    `reached` is told each step as it is completed: progress for people, a place to fail for tests.
    """

    engine: Engine
    settings: LakeSettings
    clock: Callable[[], datetime]
    asked_for: Container[date] = ()
    reached: Callable[[str], None] = lambda _step: None

    def run(self) -> dict[str, int]:
        """Bring every mart up to date; return how many days were computed, and how many numbers were restated."""
        for table in (*TABLES, *(mart.table for mart in marts())):
            self.engine.create(table)
        changes = read_changes(self.engine, known_networks=self.settings.known_networks, asked_for=self.asked_for)
        if not changes.days | changes.outdated_days:
            self._note_networks(changes)
            return {"days": 0, "restatements": 0}
        present_verdicts(self.engine, STANDING_VERDICTS, changes.verdicts)
        self.engine.present(SHOP, SHOP_COLUMNS, [{"time_zone": self.settings.shop_time_zone, "asked_at": self.clock()}])
        self._foretell(changes, changes.days | changes.outdated_days)
        days = (changes.days | self._sessions(changes)) - changes.final
        restated = self._marts(changes, days)
        self._note(changes)
        return {"days": len(days | changes.outdated_days), "restatements": restated}

    def _foretell(self, changes: Changes, days: frozenset[date]) -> None:
        """Mark the days that are about to change; one that has never been built is found again by its events."""
        if (days & changes.built.keys()) - changes.stale:
            note_stale(self.engine, days)
            self.reached("built_days: stale")

    def _sessions(self, changes: Changes) -> frozenset[date]:
        """Bring the sessions up to date; return the days on which sessions begin that are others now."""
        mart = mart_named(SESSIONS)
        foretold = changes.days | changes.outdated_days
        sessions = Sessions(
            engine=self.engine,
            mart=mart,
            differing_days=changes.differing_days,
            known_networks=changes.networks,
            foretell=lambda days: self._foretell(changes, days - foretold),
        )
        begun: frozenset[date] = frozenset()
        for days in self._in_portions(changes.days | changes.outdated_days_of(mart)):
            begun |= sessions.rebuild(days)
            self.reached(f"{SESSIONS}: {max(days)}")
        return begun

    def _marts(self, changes: Changes, days: frozenset[date]) -> int:
        restatements = Restatements(engine=self.engine, changes=changes, restated_at=self.clock())
        among = days_of_sessions(days | changes.outdated_days)
        differing = changes.differing_days | differing_session_days(self.engine, among=among)
        restated = 0
        for mart in marts():
            if mart.name == SESSIONS:
                continue
            for periods in self._periods(mart, days | changes.outdated_days_of(mart), changes):
                self.engine.hold("computed", _both_readings(mart, periods, differing, changes.networks))
                restated += restatements.tell(mart, "computed", periods)
                self._replace(mart, periods)
                self.reached(f"{mart.name}: {max(periods) if periods else 'all'}")
        return restated

    def _periods(self, mart: Mart, days: frozenset[date], changes: Changes) -> Iterator[list[date] | None]:
        """Yield what to compute together; of days that only look at changed ones, those known to have events."""
        match mart.period:
            case Period.DAY:
                yield from self._in_portions((days | (mart.touched_by(days) & changes.known)) - changes.final_of(mart))
            case Period.WEEK:
                yield from self._in_portions({week_of(day) for day in days})
            case Period.NONE:
                yield None

    def _in_portions(self, days: Iterable[date]) -> Iterator[list[date]]:
        """Yield the days in order, as many at a time as the settings allow: that bounds the memory."""
        ordered = sorted(days)
        step = self.settings.days_at_once
        return (ordered[first : first + step] for first in range(0, len(ordered), step))

    def _replace(self, mart: Mart, periods: Collection[date] | None) -> None:
        computed = f"SELECT {', '.join(mart.table.column_names)} FROM computed ORDER BY {mart.order}"
        if periods is None:
            self.engine.replace(mart.table, computed)
        else:
            self.engine.replace_where(mart.table, computed, mart.period.value, periods)

    def _note(self, changes: Changes) -> None:
        """Write down what the marts were built from; days without events are forgotten."""
        self.engine.replace(VERDICTS, f"SELECT {', '.join(VERDICTS.column_names)} FROM {STANDING_VERDICTS}")
        self.reached("verdicts")
        self._note_networks(changes)
        if changes.outdated:
            note_definitions(self.engine, changes.outdated, at=self.clock())
            self.reached("built_with")
        built_at = self.clock()
        noted = {"built_at": built_at, "stale": False}
        rows = [{"day": day, **vars(state), **noted} for day, state in sorted(changes.current.items())]
        self.engine.present("noted", BUILT_DAYS.columns, rows)
        self.engine.replace(BUILT_DAYS, f"SELECT {', '.join(BUILT_DAYS.column_names)} FROM noted")
        self.reached("built_days")

    def _note_networks(self, changes: Changes) -> None:
        if changes.networks != changes.networks_before:
            note_networks(self.engine, changes.networks)
            self.reached("known_networks")


def _both_readings(
    mart: Mart, periods: Collection[date] | None, differing: frozenset[date], known_networks: Collection[str]
) -> str:
    """Return the query for the rows of both readings.

    Where they do not differ, they are the same rows, computed once.
    """
    columns = ", ".join(mart.column_names)
    differ = _periods_differing(mart.period, periods, mart.touched_by(differing))
    everything = mart_sql(mart, Reading.ALL_TRAFFIC, _days(mart.period, periods))
    selects = [f"SELECT reading, {columns} FROM readings CROSS JOIN traffic WHERE {_alike(mart.period, differ)}"]
    if differ is None or differ:
        people = mart_sql(mart, Reading.PEOPLE_ONLY, _days(mart.period, differ), known_networks=known_networks)
        selects.append(f"SELECT '{Reading.PEOPLE_ONLY}' AS reading, {columns} FROM ({people}) AS people")
    names = " UNION ALL ".join(f"SELECT '{reading}' AS reading" for reading in Reading)
    return f"WITH traffic AS ({everything}), readings AS ({names}) {' UNION ALL '.join(selects)}"


def _periods_differing(
    period: Period, periods: Collection[date] | None, differing: frozenset[date]
) -> Collection[date] | None:
    """Return the periods in which the readings differ; None for all of a mart without periods."""
    if periods is None:
        return None if differing else ()
    named = differing if period is Period.DAY else {week_of(day) for day in differing}
    return sorted(named & set(periods))


def _alike(period: Period, differ: Collection[date] | None) -> str:
    if differ is None:
        return f"reading = '{Reading.ALL_TRAFFIC}'"
    return f"reading = '{Reading.ALL_TRAFFIC}' OR NOT {on_days(period.value, differ)}" if differ else "1 = 1"


def _days(period: Period, periods: Collection[date] | None) -> list[date] | None:
    if periods is None:
        return None
    return [day for week in periods for day in days_of_week(week)] if period is Period.WEEK else sorted(periods)
