"""What an engine wrote becomes episodes, however many states of each there are."""

from datetime import UTC, datetime

from commerce.incident import Incident
from commerce.rules import CATALOGUE_SCRAPING, REQUEST_FLOOD
from commerce.rules.rule import Rule
from evaluation.engines import episodes_of


def state(rule: Rule, name: str, *, minute: int, value: float, state: str) -> Incident:
    return Incident(
        incident_id=name,
        rule=rule.name,
        rule_version=rule.version,
        subject_type=rule.subject_type,
        subject="u",
        state=state,
        severity=rule.severity,
        opened_at=datetime(2025, 6, 1, 12, 1, tzinfo=UTC),
        last_seen_at=datetime(2025, 6, 1, 12, minute, tzinfo=UTC),
        window_seconds=rule.window_seconds,
        value=value,
        threshold=rule.leading.threshold,
        evidence="{}",
        sample_event_ids=(),
        sentence="",
    )


def test_the_states_of_an_incident_are_one_episode_in_any_order():
    """Its end is the latest seen, its value the highest."""
    states = [
        state(REQUEST_FLOOD, "b", minute=4, value=300, state="closed"),
        state(CATALOGUE_SCRAPING, "a", minute=1, value=150, state="open"),
        state(REQUEST_FLOOD, "b", minute=1, value=120, state="open"),
        state(REQUEST_FLOOD, "b", minute=3, value=310, state="extended"),
    ]
    first, second = episodes_of(states)
    assert (first.incident_id, first.last_seen_at.minute, first.value) == ("a", 1, 150)
    assert (second.incident_id, second.last_seen_at.minute, second.value) == ("b", 4, 310)
