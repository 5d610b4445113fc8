"""Every rule finds what it is for, nothing just below its threshold, and nothing that only looks alike."""

from detecting import Detector, records_of
from scenarios import SCENARIOS
from shoppers import in_order

from commerce.rules import RULES
from commerce.rules.rule import SubjectType


def test_each_scenario_breaks_its_rule_and_no_other(detector: Detector):
    """All at once, with all rules on: who keeps to one rule's bounds must not break another's."""
    events = in_order(*(scenario.events() for scenario in SCENARIOS))
    opened = {(state.rule, state.subject) for state in detector.states(records_of(events), rules=RULES)}
    assert opened == {(scenario.rule, scenario.subject("breaks")) for scenario in SCENARIOS}


def test_every_rule_about_somebody_has_its_scenario():
    """A rule nobody has seen fire is a rule nobody can trust; the site's have scenarios of their own."""
    assert {scenario.rule for scenario in SCENARIOS} == {
        rule.name for rule in RULES if rule.subject_type is not SubjectType.SITE
    }
