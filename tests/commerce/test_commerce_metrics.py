"""The metric catalogue: names and units CloudWatch takes, and a bound on what it can cost."""

import math

from commerce.metrics import METRICS
from commerce.rejects import REJECT_REASONS
from commerce.risk.signs import RiskClass
from commerce.rules import RULES
from commerce.rules.rule import Severity

# Every dimension there is, with the number of its values; one more for what a later version may send.
VALUES = {
    "rule": len(RULES) + 1,
    "severity": len(Severity),
    "reason": len(REJECT_REASONS) + 1,
    "risk_class": len((RiskClass.ELEVATED, RiskClass.HIGH)),
}


def test_every_dimension_is_bounded() -> None:
    """A dimension by shopper is a bill without a bound."""
    assert {dimension for metric in METRICS for dimension in metric.dimensions} == set(VALUES)


def test_all_metrics_together_stay_affordable() -> None:
    """CloudWatch bills each combination of values that was ever sent, by the month."""
    assert sum(_combinations(metric.dimensions) for metric in METRICS) <= 100


def _combinations(dimensions: tuple[str, ...]) -> int:
    """Return how many there can be: a rule has its own severities only, one of a later version may have any."""
    if dimensions == ("rule", "severity"):
        severities = [{rule.severity, *(rise.severity for rise in rule.rises)} for rule in RULES]
        return sum(map(len, severities)) + len(Severity)
    return math.prod(VALUES[name] for name in dimensions)


def test_names_are_unique_and_counted_in_counts() -> None:
    """Two metrics of one name would be added up; everything in the catalogue is a number of things."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert {metric.unit for metric in METRICS} == {"Count"}
