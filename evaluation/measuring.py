"""One measurement, from the seeded days to the recorded files: what the report, the table and the page show."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commerce.rules import RULES
from commerce.rules.rule import Rule
from evaluation.certh import Certh, measure_certh
from evaluation.days import Day, Plan, run_day
from evaluation.engines import Engine
from evaluation.recorded import Recorded, measure_recorded
from evaluation.scores import Scores, scores


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything that was measured, by which engine, and on which days."""

    engine: str
    plan: Plan
    scores: Scores
    recorded: tuple[Recorded, ...]
    certh: Certh


def evaluate(
    plan: Plan,
    *,
    engine: Engine,
    recorded: Path,
    certh: Path,
    rules: Sequence[Rule] = RULES,
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Measure all of it; `say` is told what is being worked on. Raises Fault and EngineFault."""
    days = tuple(run_days(plan, engine=engine, rules=rules, say=say))
    return Evaluation(
        engine=engine.name,
        plan=plan,
        scores=scores(days),
        recorded=tuple(measure_recorded(recorded, engine=engine, rules=rules, say=say)),
        certh=measure_certh(certh, rules),
    )


def run_days(
    plan: Plan, *, engine: Engine, rules: Sequence[Rule] = RULES, say: Callable[[str], None] = lambda _: None
) -> Iterator[Day]:
    """Give each day of the plan, judged."""
    for options in plan.days():
        say(f"seed {options.seed}")
        yield run_day(options, engine=engine, rules=rules, known_networks=plan.known_networks)
