"""The gate lets good rules pass, and each kind of broken rule makes it fail with a line that says why."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from commerce.rules import REQUEST_FLOOD, RULES, SITE_SURGE
from commerce.rules.rule import Condition, Rule, with_thresholds
from evaluation import gate
from evaluation.__main__ import app
from evaluation.days import Plan
from evaluation.engines import QuickEngine
from evaluation.measuring import run_days
from evaluation.scores import Scores, scores
from simulator.addresses import CRAWLER_NETWORK

SMALL = Plan(
    seeds=(11,), hours=24, events=8_000, attacks_each=2, look_alikes_each=1, held_out=True,
    known_networks=(CRAWLER_NETWORK,),
)  # fmt: skip


def measured(rules: Sequence[Rule] = RULES, plan: Plan = SMALL) -> Scores:
    return scores(list(run_days(plan, engine=QuickEngine(), rules=rules)))


def missed(found: Scores) -> set[str]:
    return {bound.name for bound in gate.bounds(found) if not bound.kept}


def broken(rule: Rule, *conditions: Condition) -> tuple[Rule, ...]:
    return tuple(replace(each, conditions=conditions) if each.name == rule.name else each for each in RULES)


def test_the_rules_as_they_are_pass():
    """Otherwise no failure would mean anything."""
    assert missed(measured()) == set()


def test_a_threshold_a_hundred_times_too_high_is_noticed():
    """One family is no longer found, and is named."""
    found = measured(with_thresholds(RULES, ("cart_hoarding.carts=4000",)))
    assert missed(found) == {"F1 over the families"}
    (line,) = (gate.line(bound) for bound in gate.bounds(found) if not bound.kept)
    assert line.startswith("MISSED: F1 over the families: 0.9") and "cart_hoarding 0.00" in line


def test_a_rule_that_flags_everybody_is_noticed():
    """Nobody is missed, and everybody is wronged."""
    found = measured(broken(REQUEST_FLOOD, Condition(feature="events", at_least=1, meaning="anybody")))
    assert missed(found) >= {"people wrongly flagged per 10,000 sessions", "F1 over the families"}
    assert found.people.hits > 0.9 * found.people.of
    assert found.baseline.limit == 100, "which then may wrong people, too"


def test_a_surge_alarm_in_a_sale_is_noticed():
    """A rule that no longer asks whether the crowd buys takes every sale for an attack."""
    conditions = [each for each in SITE_SURGE.conditions if each.feature != "buying_share"]
    assert "surge alarms in a flash sale" in missed(measured(broken(SITE_SURGE, *conditions)))


def test_held_out_variants_that_are_not_found_are_noticed():
    """Without rules nothing is found at all."""
    blind = tuple(
        replace(rule, conditions=(replace(rule.leading, at_least=1e9), *rule.conditions[1:])) for rule in RULES
    )
    assert missed(measured(blind)) == {"F1 over the families", "recall of held-out variants"}


def test_what_was_not_measured_is_not_passed():
    """A plan without held-out variants says nothing about them."""
    found = measured(plan=replace(SMALL, held_out=False))
    assert missed(found) == {"recall of held-out variants"}


def test_a_crawler_that_nobody_named_is_flagged_and_is_no_customer():
    """The network is what makes it welcome; people are counted without it."""
    found = measured(plan=replace(SMALL, known_networks=()))
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
    ran = CliRunner().invoke(app, ["gate", "--seeds", "11", "--events", "8000", *arguments])
    assert ran.exit_code == code, ran.output
    assert said in ran.output
