"""The report, `report.json`, for programs: its shape is fixed. What it has no place for is in `details.json`."""

from typing import Any

from evaluation.certh import Certh
from evaluation.intervals import Quantile, Share
from evaluation.measuring import Evaluation
from evaluation.recorded import Recorded
from evaluation.scores import BaselineScore, Family, Times


def report(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures, without their intervals."""
    scores = evaluation.scores
    return {
        "f1": _rounded(scores.f1),
        "families": {family.name: _family(family) for family in scores.families},
        "people": {
            "sessions": scores.people.of,
            "wrongly_flagged": scores.people.hits,
            "per_10000": per_10000(scores.people),
        },
        "look_alikes": {
            each.name: {"sessions": each.flagged.of, "wrongly_flagged": each.flagged.hits}
            for each in scores.look_alikes
        },
        "baseline": {
            "recall": _rounded(scores.baseline.recall.value),
            "seconds_to_detect": {"p50": scores.baseline.p50.value},
            "per_10000": per_10000(scores.baseline.people),
        },
        "recorded": {each.file: _recorded(each) for each in evaluation.recorded},
        "certh": _certh(evaluation.certh),
    }


def details(evaluation: Evaluation) -> dict[str, Any]:
    """Return how it was measured, and every figure with its 95 % confidence interval."""
    scores, plan = evaluation.scores, evaluation.plan
    return {
        "engine": evaluation.engine,
        "seeds": list(plan.seeds),
        "hours": plan.hours,
        "events": scores.events,
        "held_out": plan.held_out,
        "recall": _share(scores.recall),
        "held_out_recall": _share(scores.held_out_recall),
        "families": {family.name: _family_details(family) for family in scores.families},
        "people": _share(scores.people),
        "look_alikes": {each.name: _share(each.flagged) for each in scores.look_alikes},
        "surges_in_sale": scores.surges_in_sale,
        "false_incidents": dict(scores.false_incidents),
        "baseline_usual": _baseline(scores.baseline_usual),
        "baseline": _baseline(scores.baseline),
        "recorded": [vars(each) for each in evaluation.recorded],
        "certh": vars(evaluation.certh),
    }


def per_10000(share: Share) -> float | None:
    """Return how many of ten thousand that would be."""
    return _rounded(None if share.value is None else share.value * 10_000)


def _family(family: Family) -> dict[str, Any]:
    times = family.seconds_to_detect
    return {
        "held_out": family.held_out,
        "planted": family.planted,
        "recall": _rounded(family.recall.value),
        "precision": _rounded(family.precision.value),
        "seconds_to_detect": {"p50": times.p50.value, "p95": times.p95.value},
    }


def _recorded(recorded: Recorded) -> dict[str, Any]:
    if recorded.skipped:
        return {"skipped": recorded.skipped}
    return {"events": recorded.events, "incidents": recorded.incidents}


def _certh(certh: Certh) -> dict[str, Any]:
    return {"auc": None, "skipped": certh.skipped} if certh.skipped else {"auc": _rounded(certh.auc)}


def _family_details(family: Family) -> dict[str, Any]:
    return {
        "f1": _rounded(family.f1),
        "recall": _share(family.recall),
        "precision": _share(family.precision),
        "seconds_to_detect": _times(family.seconds_to_detect),
        "seconds_from_excess": _times(family.seconds_from_excess),
        "incidents": family.incidents,
    }


def _baseline(score: BaselineScore) -> dict[str, Any]:
    return {
        "limit": score.limit,
        "recall": _share(score.recall),
        "p50": _quantile(score.p50),
        "p50_of_ours_on_the_same": _quantile(score.p50_of_ours),
        "people": _share(score.people),
    }


def _times(times: Times) -> dict[str, Any]:
    return {"p50": _quantile(times.p50), "p95": _quantile(times.p95)}


def _quantile(quantile: Quantile) -> dict[str, Any]:
    return {"value": quantile.value, "interval": [quantile.low, quantile.high]}


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {
        "hits": share.hits,
        "of": share.of,
        "value": _rounded(share.value),
        "interval": [_rounded(low), _rounded(high)],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
