"""The result in the terminal."""

from rich.console import Console
from rich.table import Table

from evaluation import wording
from evaluation.measuring import Evaluation
from evaluation.scores import BaselineScore, Scores


def show(console: Console, evaluation: Evaluation) -> None:
    """Print every figure a person wants first."""
    scores = evaluation.scores
    console.print(_families(scores))
    console.print(_look_alikes(scores))
    console.print(_baselines(scores))
    for line in _lines(evaluation):
        console.print(line, highlight=False)


def _families(scores: Scores) -> Table:
    table = Table(title="Attacks, with 95 % confidence intervals")
    for column in ("family", "planted", "recall", "precision", "s, median", "s, p95", "s from first excess", "each"):
        name = column == "family"
        table.add_column(column, justify="left" if name else "right", no_wrap=name)
    for family in scores.families:
        times = family.seconds_to_detect
        table.add_row(
            family.name + (" (held out)" if family.held_out else ""),
            str(family.planted),
            wording.share(family.recall),
            wording.share(family.precision),
            wording.seconds(times.p50),
            wording.seconds(times.p95),
            wording.seconds(family.seconds_from_excess.p50),
            f"{family.incidents / family.planted:.1f}",
        )
    return table


def _look_alikes(scores: Scores) -> Table:
    table = Table("who looks like a bot", "sessions", "wrongly flagged")
    for each in scores.look_alikes:
        table.add_row(each.name, f"{each.flagged.of:,}", f"{each.flagged.hits:,}")
    return table


def _baselines(scores: Scores) -> Table:
    columns = ("an address's limit in 5 minutes", "recall", "s, median", "Floorwalker on the same", "people per 10,000")
    table = Table(*columns, title="What a shop would otherwise use")
    for score in (scores.baseline_usual, scores.baseline):
        table.add_row(*_baseline(score))
    return table


def _baseline(score: BaselineScore) -> tuple[str, ...]:
    return (
        f"{score.limit:g}",
        wording.share(score.recall),
        wording.seconds(score.p50),
        wording.seconds(score.p50_of_ours),
        wording.rate(score.people),
    )


def _lines(evaluation: Evaluation) -> list[str]:
    scores = evaluation.scores
    return [
        f"F1 over the families {scores.f1:.3f}, recall of all attacks {wording.share(scores.recall)}, "
        f"of held-out variants {wording.share(scores.held_out_recall)}",
        f"people wrongly flagged, per 10,000 sessions: {wording.rate(scores.people)}; "
        f"{scores.people.hits:,} of {scores.people.of:,}",
        f"surge alarms in a sale: {scores.surges_in_sale}; false incidents: "
        + (", ".join(f"{rule} {number}" for rule, number in scores.false_incidents) or "none"),
        *(f"{each.file}: {wording.recorded(each)}" for each in evaluation.recorded),
        f"CERTH: {wording.certh(evaluation.certh)}",
    ]
