"""What a subject did, pane by pane, and a rule's features measured over the panes of its window.

A pane keeps its events and counts them only when a rule asks: nearly all subjects do too little for any rule, and
a bound on their number of events says so at once.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from commerce.rules.rule import LONGEST_GAP_SECONDS, Condition, Feature, Measure, Rule
from evaluation.observed import Observed

# Of these there are never more than there are events: where a window has fewer, the condition cannot hold.
BOUNDED_BY_EVENTS = frozenset(
    (Measure.EVENTS, Measure.PRODUCTS, Measure.USERS, Measure.ADDRESSES, Measure.AGENTS, Measure.GAPS)
)
_FIELD = {
    Measure.EVENTS: "act",
    Measure.SHARE: "act",
    Measure.PRODUCTS: "product_id",
    Measure.USERS: "user_id",
    Measure.ADDRESSES: "ip_address",
    Measure.AGENTS: "user_agent",
    Measure.NEW_ADDRESSES: "ip_address",
    Measure.NEW_AGENTS: "user_agent",
    Measure.EARLIER_EVENTS: "act",
}
_PLACES = Decimal("0.0001")
NO_RHYTHM = 1.0


@dataclass(slots=True)
class Pane:
    """What one subject did in one pane. `number` counts panes since 1970; `before_ms` is its event before, if any."""

    number: int
    events: list[Observed]
    before_ms: int | None
    _values: dict[Feature, frozenset[str]] = field(default_factory=dict)
    _gaps: tuple[int, int, int] | None = None

    def different(self, feature: Feature) -> frozenset[str]:
        """Return the different values that the feature counts; of an event sent again there is one id."""
        values = self._values.get(feature)
        if values is None:
            values = self._values[feature] = frozenset(self._read(feature))
        return values

    def gaps(self) -> tuple[int, int, int]:
        """Return the pauses that end in this pane: how many, their sum in ms and the sum of their squares."""
        if self._gaps is None:
            # Of two events at one moment, neither comes after a pause.
            times = sorted({event.at_ms for event in self.events})
            before = [*([] if self.before_ms is None else [self.before_ms]), *times]
            pauses = [later - earlier for earlier, later in pairwise(before)]
            counted = [pause for pause in pauses if pause <= LONGEST_GAP_SECONDS * 1000]
            self._gaps = len(counted), sum(counted), sum(pause * pause for pause in counted)
        return self._gaps

    def _read(self, feature: Feature) -> Iterator[str]:
        name = _FIELD[feature.measure]
        types, most = feature.event_types, feature.price_at_most
        for event in self.events:
            if (not types or event.event_type in types) and (most is None or 0 < event.price <= most):
                value = getattr(event, name)
                if value:
                    yield value


@dataclass(slots=True)
class Trail:
    """The panes of one subject, oldest first, no older than the longest window; `events` counts what is in them."""

    panes: deque[Pane] = field(default_factory=deque)
    events: int = 0
    last_ms: int | None = None

    def add(self, number: int, events: list[Observed], *, keep_panes: int) -> None:
        """Add what the subject did in this pane, and drop what is too old for any rule."""
        self.panes.append(Pane(number, events, self.last_ms))
        self.last_ms = events[0].at_ms if len(events) == 1 else max(event.at_ms for event in events)
        self.events += len(events)
        while self.panes[0].number <= number - keep_panes:
            self.events -= len(self.panes.popleft().events)

    def window(self, panes: int) -> list[Pane]:
        """Return the panes that make up the window of so many panes that ends with the latest."""
        return self._within(panes, 0)

    def before(self, window: int, habit: int) -> list[Pane]:
        """Return those of the latest `habit` panes that lie before the window."""
        return self._within(habit, window)

    def _within(self, panes: int, but: int) -> list[Pane]:
        latest = self.panes[-1].number
        return [pane for pane in self.panes if latest - panes < pane.number <= latest - but]


def measured(feature: Feature, window: Sequence[Pane], pane_seconds: int, *, before: Sequence[Pane] = ()) -> float:
    """Return the feature over the panes of the window, beside those before it; raises ValueError for the site's."""
    match feature.measure:
        case Measure.EVENTS | Measure.EARLIER_EVENTS:
            panes = window if feature.measure is Measure.EVENTS else before
            return sum(len(pane.different(feature)) for pane in panes)
        case Measure.PRODUCTS | Measure.USERS | Measure.ADDRESSES | Measure.AGENTS:
            different = len(_together(feature, window))
            # No program is known where none is named: that is neither at least nor less than any number.
            return different or (math.nan if feature.measure is Measure.AGENTS else 0)
        case Measure.NEW_ADDRESSES | Measure.NEW_AGENTS:
            usual = _together(feature, before)
            return len(_together(feature, window) - usual) if usual else 0
        case Measure.SHARE:
            return _share(feature, window)
        case Measure.GAPS | Measure.GAP_VARIATION:
            return _rhythm(feature, window)
        case Measure.ACTIVE_SECONDS:
            return pane_seconds * len(window)
        case _:
            raise ValueError(f"{feature.measure} is no measure of a subject's own events")


def holds(condition: Condition, value: float) -> bool:
    """Return whether the value meets the condition."""
    return value >= condition.threshold if condition.at_least is not None else value < condition.threshold


def least_events(rule: Rule) -> float:
    """Return the number of events in the window below which the rule cannot fire."""
    bounds = (c.at_least for c in rule.conditions if rule.feature(c.feature).measure in BOUNDED_BY_EVENTS)
    return max((bound for bound in bounds if bound is not None), default=0)


def _together(feature: Feature, panes: Sequence[Pane]) -> frozenset[str]:
    return frozenset[str]().union(*(pane.different(feature) for pane in panes))


def _share(feature: Feature, window: Sequence[Pane]) -> float:
    everything = Feature(name="events", measure=Measure.EVENTS)
    part = sum(len(pane.different(feature)) for pane in window)
    whole = sum(len(pane.different(everything)) for pane in window)
    return float((Decimal(part) / Decimal(whole)).quantize(_PLACES, ROUND_HALF_UP))


def _rhythm(feature: Feature, window: Sequence[Pane]) -> float:
    number, total, squares = (sum(column) for column in zip(*(pane.gaps() for pane in window), strict=True))
    if feature.measure is Measure.GAPS:
        return float(number)
    if number == 0:
        return NO_RHYTHM
    variation = math.sqrt(max(number * squares - total * total, 0)) / total
    return float(Decimal(repr(variation)).quantize(_PLACES, ROUND_HALF_UP))
