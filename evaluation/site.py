"""The site as a whole: how the crowd of the rule's window compares with the half hour before it.

The same sums as `site_panes` and `site_history` of the detector, in exact fractions.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from commerce.rules.rule import Measure, Rule
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_BUYS_PER_USER, CROWD_EVENTS_PER_USER
from evaluation.observed import Observed


@dataclass(frozen=True, slots=True)
class CrowdPane:
    """What the crowd did in one pane: `number` counts panes since 1970."""

    number: int
    crowd: int
    buys: int


class SiteHistory:
    """The panes of the window judged and of the baseline before it. The state has the size of both together.

    What was before the first pane of all is unknown; afterwards, a time without panes is one in which nobody came.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._first: int | None = None
        self._judged = Stretch(rule.window_seconds // rule.pane_seconds)
        self._whole = Stretch((rule.window_seconds + BASELINE_SECONDS) // rule.pane_seconds)
        self._buyers = Buyers(rule.window_seconds // rule.pane_seconds)
        (self._buying,) = (each for each in rule.features if each.measure is Measure.EXCESS_BUYING_SHARE)

    def add(self, number: int, users: Iterable[list[Observed]]) -> "Site":
        """Add the events of each user in this pane; return the site at its end."""
        pane = self._counted(number, users)
        for stretch in (self._judged, self._whole):
            stretch.add(pane)
        if self._first is None:
            self._first = number
        seconds = (number + 1 - self._first) * self._rule.pane_seconds - self._rule.window_seconds
        return Site(
            crowd=self._judged.crowd,
            buys=self._judged.buys,
            crowd_before=self._whole.crowd - self._judged.crowd,
            buys_before=self._whole.buys - self._judged.buys,
            window_seconds=self._rule.window_seconds,
            baseline_seconds=min(BASELINE_SECONDS, seconds),
        )

    def _counted(self, number: int, users: Iterable[list[Observed]]) -> CrowdPane:
        crowd = buys = 0
        types = self._buying.event_types
        for events in users:
            crowd += min(len({event.act for event in events}), CROWD_EVENTS_PER_USER)
            bought = {event.act for event in events if event.event_type in types}
            buys += self._buyers.add(number, events[0].user_id, len(bought)) if bought else 0
        return CrowdPane(number, crowd, buys)


class Buyers:
    """How much each user bought in the last so many panes."""

    def __init__(self, panes: int) -> None:
        self._length = panes
        self._panes: deque[tuple[int, str, int]] = deque()
        self._of_user: Counter[str] = Counter()

    def add(self, number: int, user: str, bought: int) -> int:
        """Add what the user bought in this pane; return how much of it counts, beside what they bought before."""
        while self._panes and self._panes[0][0] <= number - self._length:
            _, gone, had_bought = self._panes.popleft()
            self._of_user[gone] -= had_bought
            if not self._of_user[gone]:
                del self._of_user[gone]
        before = self._of_user[user]
        self._of_user[user] += bought
        self._panes.append((number, user, bought))
        return min(before + bought, CROWD_BUYS_PER_USER) - min(before, CROWD_BUYS_PER_USER)


class Stretch:
    """The last so many panes, and the sums over them; panes without events are not among them."""

    def __init__(self, panes: int) -> None:
        self.crowd = 0
        self.buys = 0
        self._length = panes
        self._panes: deque[CrowdPane] = deque()

    @property
    def first(self) -> int:
        """The number of the oldest pane."""
        return self._panes[0].number

    def add(self, pane: CrowdPane) -> None:
        """Add the next pane, and drop those that lie too far back."""
        self._panes.append(pane)
        self.crowd += pane.crowd
        self.buys += pane.buys
        while self.first <= pane.number - self._length:
            gone = self._panes.popleft()
            self.crowd -= gone.crowd
            self.buys -= gone.buys


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The site at the end of a pane: the sums of the window judged and of the baseline, and how long both are."""

    crowd: int
    buys: int
    crowd_before: int
    buys_before: int
    window_seconds: int
    baseline_seconds: int

    def measured(self, measure: Measure) -> float:
        """Return one measure of the site; raises ValueError for one of a subject's own events."""
        match measure:
            case Measure.CROWD_EVENTS:
                return self.crowd
            case Measure.CROWD_USUAL:
                return _rounded(self._usual, 0)
            case Measure.CROWD_EXCESS:
                return self.crowd - _rounded(self._usual, 0)
            case Measure.CROWD_TIMES_USUAL:
                return _rounded(self.crowd / max(self._usual, Fraction(1)), 1)
            case Measure.EXCESS_BUYING_SHARE:
                more_bought = max(self.buys - self.buys_before * self._scale, Fraction(0))
                return _rounded(more_bought / max(self.crowd - self._usual, Fraction(1)), 4)
            case Measure.BASELINE_SECONDS:
                return self.baseline_seconds
            case _:
                raise ValueError(f"{measure} is no measure of the site")

    @property
    def _scale(self) -> Fraction:
        return Fraction(self.window_seconds, max(self.baseline_seconds, 1))

    @property
    def _usual(self) -> Fraction:
        return self.crowd_before * self._scale


def _rounded(number: Fraction, places: int) -> float:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
