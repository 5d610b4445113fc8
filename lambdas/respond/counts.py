"""What one invocation counted, published as CloudWatch embedded metrics: one line for each name and dimension."""

from collections import Counter

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from commerce.incident import Incident, Outcome, Tally
from commerce.metrics import EVENTS_KNOWN, EVENTS_LATE, EVENTS_ON_TIME, RECORDS_REJECTED, Metric, namespace
from commerce.rejects import REJECT_REASONS
from commerce.rules import RULES_BY_NAME

# Stands for a rule or a reason that this version does not know: the number of metrics keeps its bound.
OTHER = "other"


class Counts:
    """Sums of a stage by metric and dimensions, until they are published."""

    def __init__(self, stage: str) -> None:
        self._namespace = namespace(stage)
        self._sums: Counter[tuple[Metric, tuple[str, ...]]] = Counter()

    def add(self, metric: Metric, *values: str, count: int = 1) -> None:
        """Add to a metric of the catalogue; `values` are those of its dimensions, in their order."""
        if len(values) != len(metric.dimensions):
            raise ValueError(f"{metric.name} has the dimensions {metric.dimensions}, not {len(values)} of them")
        self._sums[metric, values] += count

    def add_incident(self, metric: Metric, incident: Incident) -> None:
        """Count one incident by its rule and severity, as far as the metric tells them apart."""
        values = {"rule": _rule(incident), "severity": incident.severity}
        self.add(metric, *(values[dimension] for dimension in metric.dimensions))

    def add_tally(self, tally: Tally) -> None:
        """Count the records that the detector accounts for."""
        match tally.outcome:
            case Outcome.ON_TIME:
                self.add(EVENTS_ON_TIME, count=tally.records)
            case Outcome.KNOWN:
                self.add(EVENTS_KNOWN, count=tally.records)
            case Outcome.LATE:
                self.add(EVENTS_LATE, count=tally.records)
            case _:
                reason = tally.reason if tally.reason in REJECT_REASONS else OTHER
                self.add(RECORDS_REJECTED, reason, count=tally.records)

    def publish(self) -> None:
        """Write every sum to standard output, where CloudWatch picks it up, and begin anew."""
        for (metric, values), count in self._sums.items():
            with single_metric(
                name=metric.name, unit=MetricUnit(metric.unit), value=count, namespace=self._namespace
            ) as line:
                for name, value in zip(metric.dimensions, values, strict=True):
                    line.add_dimension(name=name, value=value)
        self._sums.clear()


def _rule(incident: Incident) -> str:
    return incident.rule if incident.rule in RULES_BY_NAME else OTHER
