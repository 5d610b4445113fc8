"""The metric catalogue: every name the platform publishes, with its unit and its bounded dimensions.

A dimension's values come from the rules, severities or reasons declared in this package, never from a shopper, so
that the number of metrics, and with it the bill, has a bound.
"""

from dataclasses import dataclass
from typing import Final

_NAMESPACE: Final = "Floorwalker"


def namespace(stage: str) -> str:
    """Return the CloudWatch namespace of a stage: an account and region may have several, and an alarm is of one."""
    return f"{_NAMESPACE}/{stage}"


@dataclass(frozen=True)
class Metric:
    """One metric: its CloudWatch name, unit and dimensions."""

    name: str
    unit: str
    dimensions: tuple[str, ...]
    meaning: str


INCIDENTS_OPENED = Metric("IncidentsOpened", "Count", ("rule", "severity"), "Episodes stored for the first time.")
INCIDENTS_CLOSED = Metric("IncidentsClosed", "Count", ("rule",), "Episodes that came to their end.")
ALERTS_SENT = Metric("AlertsSent", "Count", ("rule", "severity"), "Alerts handed to the topic.")
INCIDENTS_ALLOWED = Metric("IncidentsAllowed", "Count", ("rule",), "Episodes of subjects on the allow list.")
ALLOW_LIST_UNREAD = Metric("AllowListUnread", "Count", (), "Times that the allow list or an entry could not be read.")
EVENTS_ON_TIME = Metric("EventsOnTime", "Count", (), "Events that the detector judged.")
EVENTS_KNOWN = Metric("EventsKnown", "Count", (), "Events of bots that are welcome: counted, not judged.")
EVENTS_LATE = Metric("EventsLate", "Count", (), "Events too late for their window; the lake still has them.")
RECORDS_REJECTED = Metric("RecordsRejected", "Count", ("reason",), "Records that are no events, by reason.")
RISKS_SEEN = Metric(
    "RisksSeen", "Count", ("risk_class",), "Sessions in which there is reason to take care of a person."
)
RECORDS_FAILED = Metric("RecordsFailed", "Count", (), "Records of the incidents stream that could not be handled.")

METRICS: tuple[Metric, ...] = (
    INCIDENTS_OPENED,
    INCIDENTS_CLOSED,
    ALERTS_SENT,
    INCIDENTS_ALLOWED,
    ALLOW_LIST_UNREAD,
    EVENTS_ON_TIME,
    EVENTS_KNOWN,
    EVENTS_LATE,
    RECORDS_REJECTED,
    RISKS_SEEN,
    RECORDS_FAILED,
)
