"""The gate: the least that the detector must be worth, and which bounds a measurement misses."""

from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.scores import Scores

MOST_WRONGLY_FLAGGED_PER_10000 = 1.0
LEAST_F1 = 0.98
LEAST_HELD_OUT_RECALL = 0.90


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


def line(bound: Bound) -> str:
    """Return the bound as one line."""
    return f"{'kept' if bound.kept else 'MISSED'}: {bound.name}: {bound.figure}, {bound.limit}"


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _weakest(scores: Scores) -> str:
    weak = [family for family in scores.families if not family.held_out and family.f1 < LEAST_F1]
    return f" ({', '.join(f'{family.name} {family.f1:.2f}' for family in weak)})" if weak else ""
