"""Every rule finds what it is for, nothing just below its threshold, and nothing that only looks alike."""

from scenarios import SCENARIOS
from shoppers import START

from commerce.incident import Incident
from commerce.rules import RULES
from commerce.rules.rule import SubjectType


def test_each_scenario_breaks_its_rule_and_no_other(told: list[Incident]):
    """All at once, with all rules on: who keeps to one rule's bounds must not break another's."""
    opened = {(state.rule, state.subject) for state in told if state.opened_at >= START}
    broken = {(scenario.rule, scenario.subject("breaks")) for scenario in SCENARIOS}
    assert opened == broken | {("site_surge", "site")}


def test_every_rule_about_somebody_has_its_scenario():
    """A rule nobody has seen fire is a rule nobody can trust; the site's have scenarios of their own."""
    assert {scenario.rule for scenario in SCENARIOS} == {
        rule.name for rule in RULES if rule.subject_type is not SubjectType.SITE
    }
