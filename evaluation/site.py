"""The site as a whole: how the crowd of the rule's window compares with the half hour before it.

The same sums as `site_panes` and `site_history` of the detector, in exact fractions.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from commerce.rules.rule import Feature, Measure, Rule
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_EVENTS_PER_USER
from evaluation.observed import Observed

_EVENTS = Feature(name="events", measure=Measure.EVENTS)


@dataclass(frozen=True, slots=True)
class CrowdPane:
    """What the crowd did in one pane: `number` counts panes since 1970."""

    number: int
    crowd: int
    buys: int


class SiteHistory:
    """The panes of the window judged and of the baseline before it. The state has the size of both together."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._judged_panes = rule.window_seconds // rule.pane_seconds
        self._whole_panes = (rule.window_seconds + BASELINE_SECONDS) // rule.pane_seconds
        (self._buying,) = (each for each in rule.features if each.measure is Measure.EXCESS_BUYING_SHARE)
        self._panes: deque[CrowdPane] = deque()

    def add(self, number: int, users: Iterable[list[Observed]]) -> dict[Measure, float]:
        """Add the events of each user in this pane; return every measure of the site at its end."""
        self._panes.append(self._counted(number, users))
        while self._panes[0].number <= number - self._whole_panes:
            self._panes.popleft()
        return self._measures(number)

    def _counted(self, number: int, users: Iterable[list[Observed]]) -> CrowdPane:
        crowd = buys = 0
        types = self._buying.event_types
        for events in users:
            crowd += min(len({event.event_id for event in events}), CROWD_EVENTS_PER_USER)
            bought = {event.event_id for event in events if event.event_type in types}
            buys += min(len(bought), CROWD_EVENTS_PER_USER)
        return CrowdPane(number, crowd, buys)

    def _measures(self, number: int) -> dict[Measure, float]:
        judged = [pane for pane in self._panes if pane.number > number - self._judged_panes]
        crowd, buys = sum(pane.crowd for pane in judged), sum(pane.buys for pane in judged)
        seconds = (number + 1 - self._panes[0].number) * self._rule.pane_seconds - self._rule.window_seconds
        baseline_seconds = min(BASELINE_SECONDS, seconds)
        scale = Fraction(self._rule.window_seconds, max(baseline_seconds, 1))
        usual = (sum(pane.crowd for pane in self._panes) - crowd) * scale
        usual_buys = (sum(pane.buys for pane in self._panes) - buys) * scale
        whole_usual = _rounded(usual, 0)
        return {
            Measure.CROWD_EVENTS: crowd,
            Measure.CROWD_USUAL: whole_usual,
            Measure.CROWD_EXCESS: crowd - whole_usual,
            Measure.CROWD_TIMES_USUAL: _rounded(crowd / max(usual, Fraction(1)), 1),
            Measure.EXCESS_BUYING_SHARE: _rounded(
                max(buys - usual_buys, Fraction(0)) / max(crowd - usual, Fraction(1)), 4
            ),
            Measure.BASELINE_SECONDS: baseline_seconds,
        }


def _rounded(number: Fraction, places: int) -> float:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
