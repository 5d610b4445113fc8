"""What two detectors found, in a form in which it can be compared."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commerce.incident import Incident, parse


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One episode: who, when it began, when it was seen last, and how far it went."""

    incident_id: str
    rule: str
    subject: str
    opened_at: datetime
    last_seen_at: datetime
    value: float
    severity: str


def verdicts(incidents: Path) -> frozenset[Verdict]:
    """Return the episodes whose states lie in the folder, each as it stands once it is closed."""
    lines = (line for path in sorted(incidents.rglob("part-*")) for line in path.read_bytes().splitlines())
    states = [state for state in map(parse, lines) if isinstance(state, Incident)]
    return frozenset(_verdict(state) for state in states if state.state == "closed")


def _verdict(state: Incident) -> Verdict:
    return Verdict(
        incident_id=state.incident_id,
        rule=state.rule,
        subject=state.subject,
        opened_at=state.opened_at,
        last_seen_at=state.last_seen_at,
        value=state.value,
        severity=state.severity,
    )
