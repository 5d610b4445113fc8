"""A signal of behavioural risk, as the detector writes one."""

from datetime import UTC, datetime

from commerce.incident import RiskSignal


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
