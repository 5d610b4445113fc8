"""How the states of one episode add up, in whatever order and however often they arrive.

Delivery is at least once and not in order across shards. `merged` is commutative, associative and idempotent, so
every order and repetition of the same states ends in the same incident, and nothing ever goes backwards.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from commerce.incident import MAX_SUBJECTS, Incident, State
from commerce.rules.rule import Severity

STATES_IN_ORDER = tuple(State)
SEVERITIES_IN_ORDER = tuple(Severity)


def merged(one: Incident, other: Incident) -> Incident:
    """Return the two states of an episode as one: the furthest state, what was highest, the latest evidence.

    Of those who took part it has everybody whom any state names, up to the bound.
    """
    latest = max(one, other, key=_recency)
    return replace(
        latest,
        state=max(one.state, other.state, key=_progress),
        severity=max(one.severity, other.severity, key=severity_rank),
        value=max(one.value, other.value),
        subjects=tuple(sorted({*one.subjects, *other.subjects})[:MAX_SUBJECTS]),
    )


def folded(incidents: Iterable[Incident]) -> dict[str, Incident]:
    """Return the states by incident id, all states of one episode merged."""
    by_id: dict[str, list[Incident]] = {}
    for incident in incidents:
        by_id.setdefault(incident.incident_id, []).append(incident)
    # Merged with itself first, a state alone is what it will be when it comes again: nothing new.
    return {incident_id: reduce(merged, states, states[0]) for incident_id, states in by_id.items()}


def severity_rank(severity: str) -> int:
    """Return the place of a severity in their order, from the mildest."""
    return SEVERITIES_IN_ORDER.index(Severity(severity))


def _progress(state: str) -> int:
    return STATES_IN_ORDER.index(State(state))


def _recency(incident: Incident) -> tuple[Any, ...]:
    # Everything that `merged` takes over from the latest state, so that a tie has one answer in every order.
    return (
        incident.last_seen_at,
        incident.evidence,
        incident.sentence,
        incident.sample_event_ids,
        incident.threshold,
        incident.window_seconds,
        incident.subject_type,
    )
