"""The gate lets good rules pass, and each kind of broken rule makes it fail with a line that says why."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from commerce.rules import REQUEST_FLOOD, RULES, SITE_SURGE
from commerce.rules.rule import Condition, Rule, with_thresholds
from evaluation import gate
from evaluation.__main__ import app
from evaluation.days import Plan, run_day_with_each
from evaluation.engines import QuickEngine
from evaluation.measuring import run_days
from evaluation.scores import Scores, scores
from simulator.addresses import CRAWLER_NETWORK

SMALL = Plan(
    seeds=(11,), hours=24, events=2_000, attacks_each=2, look_alikes_each=1, held_out=True,
    known_networks=(CRAWLER_NETWORK,),
)  # fmt: skip


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
    assert missed(found) == {"F1 over the families"}
    (line,) = (gate.line(bound) for bound in gate.bounds(found) if not bound.kept)
    assert line.startswith("MISSED: F1 over the families: 0.9") and "cart_hoarding 0.00" in line


def test_a_rule_that_flags_everybody_is_noticed(measured):
    """Nobody is missed, and everybody is wronged."""
    found = measured["everybody is flagged"]
    assert missed(found) >= {"people wrongly flagged per 10,000 sessions", "F1 over the families"}
    assert found.people.hits > 0.9 * found.people.of
    assert found.baseline.limit == 100, "which then may wrong people, too"


def test_a_surge_alarm_in_a_sale_is_noticed(measured):
    """A rule that no longer asks whether the crowd buys takes every sale for an attack."""
    assert "surge alarms in a flash sale" in missed(measured["whether the crowd buys is not asked"])


def test_held_out_variants_that_are_not_found_are_noticed(measured):
    """Without rules nothing is found at all."""
    assert missed(measured["blind"]) == {"F1 over the families", "recall of held-out variants"}


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
