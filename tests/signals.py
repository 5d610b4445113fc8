"""What the detector tells: an incident, a signal of behavioural risk."""

from datetime import UTC, datetime
from typing import Any

from commerce.incident import Incident, RiskSignal, incident_id


def incident(subject: str, opened_at: datetime, **changes: Any) -> Incident:
    """Return the last state of a user's flood of requests, but for the changes; its id follows from them."""
    values: dict[str, Any] = {
        "rule": "request_flood",
        "rule_version": 1,
        "subject_type": "user",
        "subject": subject,
        "state": "closed",
        "severity": "high",
        "opened_at": opened_at,
        "last_seen_at": opened_at,
        "window_seconds": 60,
        "value": 200.0,
        "threshold": 120.0,
        "evidence": "{}",
        "sample_event_ids": (),
        "sentence": f"{subject} was fast.",
    } | changes
    identity = {name: values[name] for name in ("rule", "rule_version", "subject", "opened_at")}
    return Incident(**{"incident_id": incident_id(**identity)} | values)


def risk(
    user_id: str, *, began_at: datetime = datetime(2019, 10, 1, 10, tzinfo=UTC), risk_class: str = "elevated"
) -> RiskSignal:
    """Return the signal of a session that went on too long."""
    return RiskSignal(
        risk_id=f"r-{user_id}",
        user_id=user_id,
        began_at=began_at,
        ended_at=began_at,
        risk_class=risk_class,
        risk=0.7,
        sentences="The session went on for 130 minutes without a break of 30.",
        impulsivity=None,
        nocturnal=None,
        fatigue=1.0,
        volatility=0.0,
        actions=9,
        night_actions=0,
        pauses=8,
        rushed_pauses=0,
        purchases=0,
    )
