"""Which attacks and look-alikes there are, and when; and their acts, each party's made only when its time has come.

A party is made twice by the same dice: once for the truth, when nothing but the truth is kept, and once for its acts.
That is how a year of attacks fits into the memory of those that are under way.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop

from commerce.rules import RULES_BY_NAME
from commerce.rules.rule import SubjectType
from simulator import look_alikes
from simulator.attacks import ATTACKS
from simulator.catalogue import Catalogue
from simulator.daybook import Daybook
from simulator.held_out import HELD_OUT
from simulator.options import FAMILIES, LOOK_ALIKES, Options
from simulator.party import Party, within
from simulator.scene import Scene
from simulator.timetable import DAY_MS, Span, Timetable, When, find
from simulator.truth import Attack, LookAlike
from simulator.visit import OUTDATED_BROWSERS, Act


@dataclass(frozen=True, kw_only=True)
class Part:
    """A party that comes at that time. `people` are counted among the people."""

    start_ms: int
    make: Callable[[], Party]
    people: bool


@dataclass(frozen=True, kw_only=True)
class Planting:
    """The truth about all parties, and what makes them again."""

    attacks: tuple[Attack, ...]
    look_alikes: tuple[LookAlike, ...]
    parts: tuple[Part, ...]


def in_order(parts: Iterable[Part], daybook: Daybook) -> Iterator[Act]:
    """Yield all acts by time; memory grows with the parties under way. People are entered in the daybook."""
    waiting = deque(sorted(parts, key=lambda part: part.start_ms))
    under_way: list[Act] = []
    while waiting or under_way:
        if waiting and (not under_way or waiting[0].start_ms <= under_way[0].at_ms):
            part = waiting.popleft()
            party = part.make()
            under_way.extend(party.acts)
            heapify(under_way)
            for call in party.calls if part.people else ():
                daybook.enter(call.who, call.acts)
        else:
            yield heappop(under_way)


class Planter:
    """Finds a time for everything that the options ask for, and makes it. `dice` gives those of a role."""

    def __init__(
        self,
        options: Options,
        *,
        dice: Callable[[str], random.Random],
        catalogue: Catalogue,
        timetable: Timetable,
        usual_per_minute: Callable[[int], float],
        carriers: int,
    ) -> None:
        self._options = options
        self._dice = dice
        self._catalogue = catalogue
        self._timetable = timetable
        self._usual_per_minute = usual_per_minute
        self._carriers = carriers
        self._outdated = dice("surge agents").sample(OUTDATED_BROWSERS, len(OUTDATED_BROWSERS))

    def plant(self) -> Planting:
        """Return what there is; raises Fault where the time is too short for it."""
        attacks = list(self._attacks())
        others = list(self._look_alikes())
        return Planting(
            attacks=tuple(attack for attack, _ in attacks),
            look_alikes=tuple(look_alike for look_alike, _ in others),
            parts=tuple(part for _, parts in (*attacks, *others) for part in parts),
        )

    def _attacks(self) -> Iterator[tuple[Attack, list[Part]]]:
        loud = list(self._timetable.surges)
        for number, (family, which) in enumerate(_wanted(FAMILIES, self._options.attacks), 1):
            held_out = self._options.held_out and family in HELD_OUT and which % 2 == 0
            kind = (HELD_OUT if held_out else ATTACKS)[family]
            role = f"{family} {which}"
            avoid = loud if kind.loud else ()
            span = self._timetable.surges[which] if kind.when is None else self._find(role, kind.when, avoid)
            if kind.loud:
                loud.append(span)
            part = self._part(role, kind.make, span, number=number, which=which, people=False)
            parts = [part]
            if kind.before:
                parts.append(self._part(f"{role} before", kind.before, span, number=number, which=which, people=True))
            yield _attack(family, kind.variant, part.make(), held_out=held_out), parts

    def _look_alikes(self) -> Iterator[tuple[LookAlike, list[Part]]]:
        for number, (name, which) in enumerate(_wanted(LOOK_ALIKES, self._options.look_alikes), 1):
            kind, role = look_alikes.KINDS[name], f"{name} {which}"
            first = self._timetable.flash_sales[which] if kind.when is None else self._find(role, kind.when)
            parts = [
                self._part(f"{role} {day}", kind.make, span, number=number, which=which, people=kind.people)
                for day, span in enumerate(self._daily(first) if kind.daily else [first])
            ]
            yield _look_alike(name, (part.make() for part in parts)), parts

    def _find(self, role: str, when: When, avoid: Sequence[Span] = ()) -> Span:
        return find(self._dice(f"{role} time"), self._options, role.partition(" ")[0], when, avoid=avoid)

    def _daily(self, first: Span) -> Iterator[Span]:
        start_ms = self._options.start_ms
        length = first.end_ms - first.start_ms
        for start in range(start_ms + (first.start_ms - start_ms) % DAY_MS, self._options.end_ms, DAY_MS):
            yield Span(start, start + length)

    def _part(
        self, role: str, make: Callable[[Scene], Party], span: Span, *, number: int, which: int, people: bool
    ) -> Part:
        def again() -> Party:
            scene = Scene(
                rng=self._dice(role),
                catalogue=self._catalogue,
                span=span,
                number=number,
                usual_per_minute=self._usual_per_minute(span.start_ms),
                carriers=self._carriers,
                outdated_browser=self._outdated[which % len(self._outdated)],
            )
            return within(make(scene), self._options.start_ms, self._options.end_ms)

        return Part(start_ms=span.start_ms, make=again, people=people)


def _wanted(names: Iterable[str], counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((name, which) for name in names for which in range(counts.get(name, 0)))


def _attack(family: str, variant: str, party: Party, *, held_out: bool) -> Attack:
    subject_type = RULES_BY_NAME[family].subject_type
    (subject,) = {
        SubjectType.USER: party.users,
        SubjectType.SESSION: party.sessions,
        SubjectType.ADDRESS: party.addresses,
        SubjectType.SITE: frozenset(["site"]),
    }[subject_type]
    return Attack(
        family=family,
        variant=variant,
        held_out=held_out,
        subject_type=subject_type,
        subject=subject,
        start_ms=party.start_ms,
        end_ms=party.end_ms,
        events=party.events,
        users=party.users,
        sessions=party.sessions,
        addresses=party.addresses,
    )


def _look_alike(name: str, parties: Iterable[Party]) -> LookAlike:
    """Return the truth about all days of one look-alike, of whom some may have come to nothing."""
    days = [_day(name, party) for party in parties if party.calls]
    return LookAlike(
        name=name,
        start_ms=min(day.start_ms for day in days),
        end_ms=max(day.end_ms for day in days),
        events=sum(day.events for day in days),
        visits=sum(day.visits for day in days),
        users=frozenset().union(*(day.users for day in days)),
        sessions=frozenset().union(*(day.sessions for day in days)),
        addresses=frozenset().union(*(day.addresses for day in days)),
    )


def _day(name: str, party: Party) -> LookAlike:
    return LookAlike(
        name=name,
        start_ms=party.start_ms,
        end_ms=party.end_ms,
        events=party.events,
        visits=len({(call.who.user_id, call.visit.session) for call in party.calls}),
        users=party.users,
        sessions=party.sessions,
        addresses=party.addresses,
    )
