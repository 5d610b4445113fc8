"""What becomes of an incident, on each side: how far it is, when it was last seen, and how bad it was."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from commerce.event import format_instant
from commerce.incident import Incident, State
from commerce.rules.rule import Severity
from glue_jobs.engine import Engine
from lambdas.respond.row import from_item

_STATES, _SEVERITIES = list(State), list(Severity)


def of_states(told: Iterable[Incident]) -> dict[str, str]:
    """Return by id what all states of an incident come to, in whatever order and however often they are told.

    It shares no code with what merges them in the responder and in the lake.
    """
    by_id = defaultdict[str, list[Incident]](list)
    for state in told:
        by_id[state.incident_id].append(state)
    return {
        name: _in_words(
            max((State(each.state) for each in states), key=_STATES.index),
            format_instant(max(each.last_seen_at for each in states)),
            max((Severity(each.severity) for each in states), key=_SEVERITIES.index),
        )
        for name, states in by_id.items()
    }


def of_rows(items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return by id what the rows of the incidents table say."""
    rows = (from_item(dict(item)).incident for item in items)
    return {row.incident_id: _in_words(row.state, format_instant(row.last_seen_at), row.severity) for row in rows}


def of_lake(lake: Engine) -> dict[str, str]:
    """Return by id what the lake's table of incidents says."""
    found = lake.ask("SELECT incident_id, state, last_seen_at, severity FROM incidents").rows
    return {name: _in_words(state, format_instant(seen), severity) for name, state, seen, severity in found}


def _in_words(state: str, last_seen: str, severity: str) -> str:
    return f"{state}, last seen {last_seen}, {severity}"
