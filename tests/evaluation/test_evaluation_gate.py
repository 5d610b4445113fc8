"""The gate lets good rules pass, and each kind of broken rule or detector makes it fail with a line that says why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from commerce.rules import REQUEST_FLOOD, RULES, SITE_SURGE
from commerce.rules.rule import Condition, Rule, with_thresholds
from evaluation import gate
from evaluation.__main__ import app
from evaluation.days import Plan, run_day_with_each
from evaluation.engines import QuickEngine
from evaluation.episodes import Crossing, Episode, episodes
from evaluation.intervals import Share
from evaluation.measuring import run_days
from evaluation.observed import Observed
from evaluation.quick_detector import QuickDetector
from evaluation.scores import Scores, scores
from simulator.addresses import CRAWLER_NETWORK
from simulator.record import Record

SMALL = Plan(
    seeds=(11,), hours=24, events=2_000, attacks_each=2, look_alikes_each=1, held_out=True,
    known_networks=(CRAWLER_NETWORK,),
)  # fmt: skip

FLAGGED, F1 = "people wrongly flagged per 10,000 sessions", "F1 over the families"
WEAKEST = "recall or precision, the weakest family"
NOISIEST = "incidents for each attack found, the noisiest family"
PROMPT, PATIENT = (
    f"panes from the first excess, 95th percentile, the slowest {which}" for which in ("family", "that waits for more")
)


def broken(rule: Rule, *conditions: Condition) -> tuple[Rule, ...]:
    return tuple(replace(each, conditions=conditions) if each.name == rule.name else each for each in RULES)


RULE_SETS = {
    "as they are": RULES,
    "a threshold too high": with_thresholds(RULES, ("cart_hoarding.carts=4000",)),
    "everybody is flagged": broken(REQUEST_FLOOD, Condition(feature="events", at_least=1, meaning="anybody")),
    "whether the crowd buys is not asked": broken(
        SITE_SURGE, *(each for each in SITE_SURGE.conditions if each.feature != "buying_share")
    ),
    "blind": tuple(
        replace(rule, conditions=(replace(rule.leading, at_least=1e9), *rule.conditions[1:])) for rule in RULES
    ),
}


@pytest.fixture(scope="module")
def measured() -> dict[str, Scores]:
    """Return what each set of rules is worth, by its name: the day is made up once."""
    (options,) = SMALL.days()
    sets = list(RULE_SETS.values())
    days = run_day_with_each(sets, options, engine=QuickEngine(), known_networks=SMALL.known_networks)
    return {name: scores([day]) for name, day in zip(RULE_SETS, days, strict=True)}


def once_for_all(crossings: list[Crossing]) -> list[Episode]:
    """Return one incident about the site, of nearly a day, in place of all of its own."""
    found = list(episodes(crossings))
    first, *_ = (each for each in found if each.subject_type == "site")
    longest = replace(first, last_seen_at=first.opened_at + timedelta(hours=23))
    return [longest, *(each for each in found if each.subject_type != "site")]


def for_20_hours(crossings: list[Crossing]) -> list[Episode]:
    return [replace(each, last_seen_at=each.opened_at + timedelta(hours=20)) for each in episodes(crossings)]


def before_it_began(crossings: list[Crossing]) -> list[Episode]:
    return [replace(each, opened_at=each.opened_at - timedelta(hours=8)) for each in episodes(crossings)]


def when_it_is_over(crossings: list[Crossing]) -> list[Episode]:
    return [replace(each, opened_at=each.last_seen_at) for each in episodes(crossings)]


def again_and_again(crossings: list[Crossing]) -> list[Episode]:
    return [each for crossing in crossings for each in episodes([crossing])]


# What a broken detector may make of the right crossings, and what it must miss then.
SPOILS = {
    once_for_all: {FLAGGED, WEAKEST, "surge alarms in a flash sale"},
    for_20_hours: {FLAGGED, F1, WEAKEST},
    before_it_began: {FLAGGED, F1, WEAKEST},
    when_it_is_over: {PROMPT, PATIENT},
    again_and_again: {NOISIEST},
}


@dataclass
class SpoiltRun:
    """Tells what the first of all runs found as a broken detector would."""

    crossings: list[Crossing]
    detector: QuickDetector | None
    spoil: Callable[[list[Crossing]], list[Episode]]

    def take(self, record: Record, event: Observed | None) -> None:  # noqa: ARG002
        if self.detector is not None and event is not None:
            self.crossings.extend(self.detector.take(event))

    def finish(self) -> list[Episode]:
        if self.detector is not None:
            self.crossings.extend(self.detector.finish())
        return self.spoil(self.crossings)


class SpoiltEngine:
    """Begins a run for each way to be broken. They share one detector, as its work is the same for all."""

    name = "spoilt"

    def __init__(self) -> None:
        self._spoils = iter(SPOILS)
        self._crossings: list[Crossing] = []
        self._begun = False

    def begin(self, *, rules: Sequence[Rule], known_networks: Sequence[str], name: str) -> SpoiltRun:  # noqa: ARG002
        detector = None if self._begun else QuickDetector(rules, known_networks=known_networks)
        self._begun = True
        return SpoiltRun(self._crossings, detector, next(self._spoils))


@pytest.fixture(scope="module")
def spoilt() -> dict[str, Scores]:
    """Return what each broken detector is worth, by its fault."""
    (options,) = SMALL.days()
    sets = [RULES] * len(SPOILS)
    days = run_day_with_each(sets, options, engine=SpoiltEngine(), known_networks=SMALL.known_networks)
    return {spoil.__name__: scores([day]) for spoil, day in zip(SPOILS, days, strict=True)}


def of(plan: Plan) -> Scores:
    return scores(list(run_days(plan, engine=QuickEngine())))


def missed(found: Scores) -> set[str]:
    return {bound.name for bound in gate.bounds(found) if not bound.kept}


def test_the_rules_as_they_are_pass(measured):
    """Otherwise no failure would mean anything."""
    assert missed(measured["as they are"]) == set()


def test_a_threshold_a_hundred_times_too_high_is_noticed(measured):
    """One family is no longer found, and is named."""
    found = measured["a threshold too high"]
    assert missed(found) == {F1, WEAKEST}
    line, _ = (gate.line(bound) for bound in gate.bounds(found) if not bound.kept)
    assert line.startswith("MISSED: F1 over the families: 0.9") and "cart_hoarding 0.00" in line


def test_a_rule_that_flags_everybody_is_noticed(measured):
    """Nobody is missed, and everybody is wronged."""
    found = measured["everybody is flagged"]
    assert missed(found) >= {FLAGGED, F1, WEAKEST}
    assert found.people.hits > 0.9 * found.people.of
    assert found.baseline.limit == 100, "which then may wrong people, too"


def test_a_surge_alarm_in_a_sale_is_noticed(measured):
    """A rule that no longer asks whether the crowd buys takes every sale for an attack."""
    assert "surge alarms in a flash sale" in missed(measured["whether the crowd buys is not asked"])


def test_held_out_variants_that_are_not_found_are_noticed(measured):
    """Without rules nothing is found at all, neither early nor often."""
    held_out = "recall of held-out variants"
    assert missed(measured["blind"]) == {F1, held_out, WEAKEST, NOISIEST, PROMPT, PATIENT}


def test_the_first_excess_is_of_the_threshold_that_was_measured(measured):
    """Whoever tries a lower threshold is found sooner, and never before the excess."""
    (flood,) = (each for each in measured["everybody is flagged"].families if each.name == "request_flood")
    assert 0 <= flood.seconds_from_excess.p50.value <= 10


@pytest.mark.parametrize(("spoil", "least"), SPOILS.items())
def test_a_broken_detector_is_noticed(spoilt, spoil, least):
    """An incident must begin and end with its attack, come soon, and come once."""
    assert missed(spoilt[spoil.__name__]) >= least


@pytest.mark.parametrize("short_of", ["recall", "precision"])
def test_a_mean_hides_no_family(measured, short_of):
    """A family of which three in eight are not found, or three in eight incidents false, costs F1 too little."""
    best, *others = measured["as they are"].families
    poor = replace(best, **{short_of: Share(of=8, hits=5)})
    found = replace(measured["as they are"], families=(poor, *others))
    assert missed(found) == {WEAKEST}
    assert any(best.name in bound.figure for bound in gate.bounds(found) if bound.name == WEAKEST)


def test_what_was_not_measured_is_not_passed():
    """A plan without held-out variants says nothing about them."""
    found = of(replace(SMALL, attacks_each=1, held_out=False))
    assert missed(found) == {"recall of held-out variants"}


def test_a_crawler_that_nobody_named_is_flagged_and_is_no_customer():
    """The network is what makes it welcome; people are counted without it."""
    found = of(replace(SMALL, attacks_each=0, known_networks=()))
    crawler = next(each for each in found.look_alikes if each.name == "allowed_crawler")
    assert crawler.flagged.hits > 0
    assert found.people.hits == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, "kept: F1 over the families"),
        (["--threshold", "cart_hoarding.carts=4000"], 1, "MISSED: F1 over the families"),
        (["--threshold", "nonsense"], 2, "rule.feature=number"),
        (["--seeds", "one"], 2, "1,2,3"),
        (["--hours", "2"], 1, "too short"),
    ],
)
def test_the_command_says_what_it_found(arguments, code, said):
    """A build reads the exit code, a person the line."""
    small = ["--seeds", "11", "--events", "2000", "--attacks", "1", "--look-alikes", "1"]
    ran = CliRunner().invoke(app, ["gate", *small, *arguments])
    assert ran.exit_code == code, ran.output
    assert said in ran.output
