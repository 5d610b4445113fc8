"""What has changed since the marts were last built: days that got or lost events, verdicts, and who is welcome.

`built_days`, `verdicts` and `known_networks` say what the marts know and are written after them. A build that dies
leaves them as they were, and the next one finds the same changes, unless they have been taken back meanwhile: an
incident is withdrawn, a setting is put right. So the days that a build is about to touch are marked stale before its
first write, and are computed again whatever has become of the reason.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from glue_jobs.definitions import outdated_marts
from glue_jobs.engine import Engine
from glue_jobs.known_networks import built_networks, days_of_networks, told_networks
from glue_jobs.marts import Mart
from glue_jobs.readings import on_days
from glue_jobs.retention import final_days, lost_days
from glue_jobs.tables import BUILT_DAYS, EVENTS
from glue_jobs.verdicts import Verdict, built_verdicts, standing_verdicts


@dataclass(frozen=True)
class DayState:
    """What the numbers of a day were computed from: two equal states mean equal events."""

    objects: int
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The lake now, and what the marts were built from.

    `setting_days` are those with events from networks that have become known or are so no more. `stale` are those that
    a build had begun with when it died. `lost` are the days of which a table has forgotten rows. `outdated` are the
    marts that this version computes otherwise than they are built.
    """

    built: dict[date, DayState]
    built_at: datetime | None
    current: dict[date, DayState]
    verdicts_before: frozenset[Verdict]
    verdicts: frozenset[Verdict]
    networks_before: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    setting_days: frozenset[date] = frozenset()
    stale: frozenset[date] = frozenset()
    asked_for: Container[date] = ()
    lost: Mapping[str, frozenset[date]] = field(default_factory=dict)
    outdated: frozenset[str] = frozenset()

    @cached_property
    def final(self) -> frozenset[date]:
        """Days that have lost rows, and keep the numbers they have."""
        return final_days(self.lost, built=self.built.keys())

    def final_of(self, mart: Mart) -> frozenset[date]:
        """Return the days of the mart that are made of days of which what it reads has lost rows."""
        lost = frozenset[date]().union(*(self.lost.get(name, frozenset()) for name in mart.reads))
        return self.final | (mart.touched_by(lost) & self.built.keys())

    @cached_property
    def event_days(self) -> frozenset[date]:
        """Days that got or lost events, or that somebody wants computed again: of those asked for, the known ones."""
        changed = (day for day in self.known if day in self.asked_for or self.built.get(day) != self.current.get(day))
        return frozenset(changed) - self.final

    @cached_property
    def changed_verdicts(self) -> frozenset[Verdict]:
        """Verdicts that came, went, or reach further or less far than before, where a number may follow."""
        return frozenset(verdict for verdict in self.verdicts ^ self.verdicts_before if not verdict.days <= self.final)

    @property
    def days(self) -> frozenset[date]:
        """Every day whose numbers may be others now."""
        return (self.event_days | self.stale | self.judged_anew) - self.final

    @property
    def outdated_days(self) -> frozenset[date]:
        """Days that the outdated marts have to be computed for, whether anything else changed or not."""
        return frozenset(self.built.keys() - self.final if self.outdated else ())

    def outdated_days_of(self, mart: Mart) -> frozenset[date]:
        """Return the days that this mart has to be computed for because it is outdated."""
        return self.outdated_days if mart.name in self.outdated else frozenset()

    @property
    def differing_days(self) -> frozenset[date]:
        """Days on which the readings may differ, now or when the marts were last built.

        Those a verdict reaches into. Welcome automata come every day: looking for them costs what computing does.
        """
        # The verdicts of final days may be forgotten, and of those on stale days only a build that died knew.
        judged = _days(self.verdicts | self.verdicts_before) | self.final | self.stale
        return judged | self.built.keys() | self.current.keys() if self.networks | self.networks_before else judged

    @cached_property
    def settled(self) -> frozenset[date]:
        """Days whose numbers could be taken for the day's: it was over when they were built, or nothing came since."""
        return frozenset(
            day for day, state in self.built.items() if self.was_over(day) or self.current.get(day) == state
        )

    @cached_property
    def judged_anew(self) -> frozenset[date]:
        """Days on which a verdict changed, or the setting of who is welcome."""
        return _days(self.changed_verdicts) | self.setting_days

    def was_over(self, day: date) -> bool:
        """Return whether the day had ended when the marts were last built."""
        return self.built_at is not None and self.built_at.date() > day

    @property
    def known(self) -> frozenset[date]:
        """Days with events, now or when the marts were last built."""
        return frozenset(self.built.keys() | self.current.keys())

    def incidents(self, days: frozenset[date]) -> tuple[str, ...]:
        """Return the incidents whose verdicts changed on these days, in order of their ids."""
        return tuple(name for name, reached in self._days_of_incidents.items() if not days.isdisjoint(reached))

    @cached_property
    def _days_of_incidents(self) -> dict[str, frozenset[date]]:
        """The days that each incident's changed verdicts reach into: a surge has thousands of them."""
        found: dict[str, frozenset[date]] = {}
        for verdict in sorted(self.changed_verdicts, key=lambda verdict: verdict.incident_id):
            found[verdict.incident_id] = found.get(verdict.incident_id, frozenset()) | verdict.days
        return found


def read_changes(engine: Engine, *, known_networks: Collection[str], asked_for: Container[date] = ()) -> Changes:
    """Compare the lake with what the marts were last built from; `known_networks` is the setting.

    Raises SettingsError for a network that is none.
    """
    built = engine.ask(f"SELECT {', '.join(BUILT_DAYS.column_names)} FROM built_days").rows
    current = engine.ask(CURRENT_DAYS).rows
    begun = _begun(engine, {day for day, *_ in current} - {day for day, *_ in built})
    networks_before = built_networks(engine)
    networks = told_networks(known_networks, built=networks_before)
    lost = lost_days(engine)
    final = final_days(lost, built={day for day, *_ in built})
    return Changes(
        built={day: DayState(objects, changed_at) for day, objects, changed_at, _, _ in built},
        built_at=max((built_at for *_, built_at, _ in built), default=None),
        current={day: DayState(objects, changed_at) for day, objects, changed_at in current},
        verdicts_before=built_verdicts(engine),
        verdicts=standing_verdicts(engine, lost_events=lost.get(EVENTS.name, frozenset())),
        networks_before=networks_before,
        networks=networks,
        setting_days=days_of_networks(engine, networks ^ networks_before) - final,
        stale=begun | {day for day, *_, stale in built if stale},
        asked_for=asked_for,
        lost=lost,
        outdated=outdated_marts(engine),
    )


def note_stale(engine: Engine, days: Collection[date]) -> None:
    """Write down, before anything of these days changes, that all of it has to follow."""
    kept = ", ".join(name for name in BUILT_DAYS.column_names if name != "stale")
    engine.replace(BUILT_DAYS, f"SELECT {kept}, stale OR {on_days('day', days)} AS stale FROM built_days")


def week_of(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def days_of_week(monday: date) -> list[date]:
    """Return the seven days of a week."""
    return [monday + timedelta(days=n) for n in range(7)]


def _begun(engine: Engine, unbuilt: Collection[date]) -> frozenset[date]:
    """Return the days of which there are sessions though they have never been built: a build died there."""
    if not unbuilt:
        return frozenset()
    found = engine.ask(f"SELECT DISTINCT day FROM sessions WHERE {on_days('day', unbuilt)}").rows
    return frozenset(day for (day,) in found)


def _days(verdicts: Iterable[Verdict]) -> frozenset[date]:
    return frozenset(day for verdict in verdicts for day in verdict.days)


CURRENT_DAYS = """
SELECT day, COUNT(*) AS objects, MAX(changed_at) AS changed_at FROM (
  SELECT day, taken_at AS changed_at FROM runs CROSS JOIN UNNEST(runs.event_days) AS given (day)
  UNION ALL
  SELECT day, erased_at AS changed_at FROM erasures CROSS JOIN UNNEST(erasures.event_days) AS given (day)
) AS changes
GROUP BY day"""
