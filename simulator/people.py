"""People: they come through the day, look around at a human pace, some buy, some come back.

Nobody here can look like an automaton: at least two seconds lie between two acts of a visit, a visit ends after 60,
and whoever returns has rested for half an hour.
"""

import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from simulator.catalogue import Catalogue
from simulator.daybook import Daybook
from simulator.visit import Act, Shopper, Visit, shopper, visit

SHORTEST_PAUSE_MS = 2_000
LONGEST_VISIT_ACTS = 60
REST_MS = 30 * 60_000
MOST_REMEMBERED = 50_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a crowd shops: chances per product looked at, and the mean pause between acts."""

    leave: float
    cart: float
    purchase: float
    remove: float
    mean_pause_ms: float
    returning: float

    @property
    def mean_acts(self) -> float:
        """Acts of a visit on average, the longest visits aside."""
        return (1 + self.cart * (1 + self.purchase + self.remove)) / self.leave


BROWSING = Habits(leave=0.22, cart=0.03, purchase=0.42, remove=0.08, mean_pause_ms=28_000, returning=0.25)
BARGAIN_HUNTING = Habits(leave=0.3, cart=0.35, purchase=0.6, remove=0.05, mean_pause_ms=12_000, returning=0.0)


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """A stream of visits. `visits_per_ms` gives the rate at an instant; `first_user_id` opens this crowd's ids.

    Some of the crowd are behind the addresses of carriers, of which there are so many.
    """

    rng: random.Random
    catalogue: Catalogue
    habits: Habits
    visits_per_ms: Callable[[int], float]
    arrive_from_ms: int
    arrive_until_ms: int
    first_user_id: int
    carriers: int

    def acts(self, *, start_ms: int, end_ms: int, daybook: Daybook, stopped: Callable[[], bool]) -> Iterator[Act]:
        """Yield the acts within [start, end) in order; memory grows only with the visits under way.

        Once `stopped`, nobody comes any more: a crowd may come for long before the first of its acts counts.
        """
        under_way: list[Act] = []
        regulars = Regulars(self.rng, self.first_user_id, self.habits.returning, carriers=self.carriers)
        now = float(self.arrive_from_ms)
        while (now := now + self.rng.expovariate(self.visits_per_ms(int(now)))) < self.arrive_until_ms:
            if stopped():
                return
            while under_way and under_way[0].at_ms <= now:
                yield heappop(under_way)
            who = regulars.next(int(now))
            acts = browse(self.rng, visit(self.rng, who), int(now), self.catalogue, self.habits)
            regulars.rest(who, acts[-1].at_ms)
            counted = [act for act in acts if start_ms <= act.at_ms < end_ms]
            for act in counted:
                heappush(under_way, act)
            daybook.enter(who, counted)
        while under_way:
            yield heappop(under_way)


class Regulars:
    """Hands out shoppers: mostly new ones, at times one who has been here and has rested since."""

    def __init__(self, rng: random.Random, first_user_id: int, returning: float, *, carriers: int) -> None:
        self._rng = rng
        self._next_user_id = first_user_id
        self._returning = returning
        self._carriers = carriers
        self._resting: deque[tuple[int, Shopper]] = deque(maxlen=MOST_REMEMBERED)
        self._ready: list[Shopper] = []

    def next(self, now_ms: int) -> Shopper:
        """Return who comes now."""
        while self._resting and self._resting[0][0] + REST_MS <= now_ms and len(self._ready) < MOST_REMEMBERED:
            self._ready.append(self._resting.popleft()[1])
        if self._ready and self._rng.random() < self._returning:
            chosen = int(self._rng.random() * len(self._ready))
            self._ready[chosen], self._ready[-1] = self._ready[-1], self._ready[chosen]
            return self._ready.pop()
        self._next_user_id += 1
        return shopper(self._rng, self._next_user_id, carriers=self._carriers)

    def rest(self, who: Shopper, until_ms: int) -> None:
        """Remember a shopper whose visit ends then."""
        if self._returning:
            self._resting.append((until_ms, who))


def browse(rng: random.Random, session: Visit, start_ms: int, catalogue: Catalogue, habits: Habits) -> list[Act]:
    """Return one visit, from the first look to the last act."""
    at = start_ms
    acts: list[Act] = []

    def act(event_type: str) -> None:
        nonlocal at
        acts.append(session.act(at, event_type, product))
        at += SHORTEST_PAUSE_MS + int(rng.expovariate(1 / habits.mean_pause_ms))

    while len(acts) < LONGEST_VISIT_ACTS - 2:
        product = catalogue.popular(rng.random())
        act("view")
        if rng.random() < habits.cart:
            act("cart")
            fate = rng.random()
            if fate < habits.purchase:
                act("purchase")
            elif fate < habits.purchase + habits.remove:
                act("remove_from_cart")
        if rng.random() < habits.leave:
            break
    return acts


def day_curve(at_ms: int) -> float:
    """Return how busy the hour is against the day's mean: quiet before dawn, busiest in the evening."""
    hour = at_ms % (24 * HOUR_MS) / HOUR_MS
    return 1 + 0.6 * math.cos((hour - 19) / 24 * math.tau)
