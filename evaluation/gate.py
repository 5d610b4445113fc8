"""The gate: the least that the detector must be worth, and which bounds a measurement misses.

A mean over the families would hide one that is poor at something, so the worst of them has bounds of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from commerce.rules import RULES
from evaluation.scores import Family, Scores

MOST_WRONGLY_FLAGGED_PER_10000 = 1.0
LEAST_F1 = 0.98
LEAST_HELD_OUT_RECALL = 0.90
LEAST_OF_A_FAMILY = 0.90
# An attack is one episode, and that one incident. The room is for attackers who rest for longer than a rule's gap.
MOST_INCIDENTS_EACH = 1.25
# A rule is judged at the end of a pane, so an attack beyond its threshold is found within one.
MOST_PANES_FROM_EXCESS = 2
# These wait for more than their threshold: for an hour of activity, or for a crowd of several times the usual.
PATIENT = ("site_surge", "slow_scraping", "price_watching")
MOST_PANES_OF_THE_PATIENT = 15
_PANE_SECONDS = {rule.name: rule.pane_seconds for rule in RULES}


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One bound: what is bounded, the figure and the limit in words, and whether it is kept."""

    name: str
    figure: str
    limit: str
    kept: bool


def bounds(scores: Scores) -> Iterator[Bound]:
    """Give every bound, kept or missed. What was not measured is missed: an empty day is no good day."""
    flagged = None if scores.people.value is None else scores.people.value * 10_000
    yield Bound(
        name="people wrongly flagged per 10,000 sessions",
        figure=_figure(flagged),
        limit=f"at most {MOST_WRONGLY_FLAGGED_PER_10000:g}",
        kept=flagged is not None and flagged <= MOST_WRONGLY_FLAGGED_PER_10000,
    )
    yield Bound(
        name="F1 over the families",
        figure=_figure(scores.f1) + _weakest(scores),
        limit=f"at least {LEAST_F1}",
        kept=scores.f1 >= LEAST_F1,
    )
    recall = scores.held_out_recall.value
    yield Bound(
        name="recall of held-out variants",
        figure=_figure(recall),
        limit=f"at least {LEAST_HELD_OUT_RECALL}",
        kept=recall is not None and recall >= LEAST_HELD_OUT_RECALL,
    )
    yield Bound(
        name="surge alarms in a flash sale",
        figure=str(scores.surges_in_sale),
        limit="none",
        kept=scores.surges_in_sale == 0,
    )
    yield from _of_the_worst_family(scores)


def line(bound: Bound) -> str:
    """Return the bound as one line."""
    return f"{'kept' if bound.kept else 'MISSED'}: {bound.name}: {bound.figure}, {bound.limit}"


def _of_the_worst_family(scores: Scores) -> Iterator[Bound]:
    least = min(((_least(family), family.name) for family in scores.families if not family.held_out), default=None)
    yield Bound(
        name="recall or precision, the weakest family",
        figure=_named(least),
        limit=f"at least {LEAST_OF_A_FAMILY}",
        kept=least is not None and least[0] >= LEAST_OF_A_FAMILY,
    )
    found = [family for family in scores.families if family.recall.hits]
    most = max(((family.incidents / family.recall.hits, family.name) for family in found), default=None)
    yield Bound(
        name="incidents for each attack found, the noisiest family",
        figure=_named(most),
        limit=f"at most {MOST_INCIDENTS_EACH:g}",
        kept=most is not None and most[0] <= MOST_INCIDENTS_EACH,
    )
    patient = [family for family in found if family.family in PATIENT]
    prompt = [family for family in found if family.family not in PATIENT]
    yield _delay(prompt, "the slowest family", MOST_PANES_FROM_EXCESS)
    yield _delay(patient, "the slowest that waits for more", MOST_PANES_OF_THE_PATIENT)


def _delay(families: Iterable[Family], whose: str, limit: int) -> Bound:
    slowest = max(_panes_from_excess(families), default=None)
    return Bound(
        name=f"panes from the first excess, 95th percentile, {whose}",
        figure=_named(slowest),
        limit=f"at most {limit}",
        kept=slowest is not None and slowest[0] <= limit,
    )


def _least(family: Family) -> float:
    return min(family.recall.value or 0.0, family.precision.value or 0.0)


def _panes_from_excess(families: Iterable[Family]) -> Iterator[tuple[float, str]]:
    for family in families:
        seconds = family.seconds_from_excess.p95.value
        if seconds is not None:
            yield seconds / _PANE_SECONDS[family.family], family.name


def _named(worst: tuple[float, str] | None) -> str:
    return _figure(None) if worst is None else f"{_figure(worst[0])} ({worst[1]})"


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _weakest(scores: Scores) -> str:
    weak = [family for family in scores.families if not family.held_out and family.f1 < LEAST_F1]
    return f" ({', '.join(f'{family.name} {family.f1:.2f}' for family in weak)})" if weak else ""
