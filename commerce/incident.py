"""An incident: one episode of behaviour above a rule's threshold, and the tally that accounts for the rest.

An episode opens, is extended while the behaviour goes on, and closes. Its id is derived from what it is, never
from when it was written, so that delivery at least once still gives one row and one alert.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from commerce.event import format_instant, parse_instant
from commerce.fields import INCIDENT_FIELDS, TALLY_FIELDS, Field, FieldType

_PYTHON: dict[FieldType, tuple[type, ...]] = {
    FieldType.TEXTS: (list,),
    FieldType.COUNT: (int,),
    FieldType.NUMBER: (int, float),
}


class State(StrEnum):
    """Where an episode stands. It only ever moves forward."""

    OPEN = "open"
    EXTENDED = "extended"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What the detector did with a record."""

    ON_TIME = "on_time"
    LATE = "late"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One state of one episode, as it travels on the incidents stream."""

    incident_id: str
    rule: str
    rule_version: int
    subject_type: str
    subject: str
    state: str
    severity: str
    opened_at: datetime
    last_seen_at: datetime
    window_seconds: int
    value: float
    threshold: float
    evidence: str
    sample_event_ids: tuple[str, ...]
    sentence: str
    record_type: str = "incident"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many records met one outcome in one period of the detector's clock."""

    tally_id: str
    period_start: datetime
    outcome: str
    reason: str
    records: int
    record_type: str = "tally"


def incident_id(*, rule: str, rule_version: int, subject: str, opened_at: datetime) -> str:
    """Return the id of the episode: SHA-256 in hex over its four parts."""
    parts = "|".join((rule, str(rule_version), subject, format_instant(opened_at)))
    return hashlib.sha256(parts.encode()).hexdigest()


def to_line(record: Incident | Tally) -> bytes:
    """Return the record as one line of JSON, without the line break."""
    fields = INCIDENT_FIELDS if isinstance(record, Incident) else TALLY_FIELDS
    wire = {field.name: _to_wire(getattr(record, field.name)) for field in fields}
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def parse(line: bytes) -> Incident | Tally:
    """Read a record of the incidents stream; raises ValueError with the reason where it is none."""
    try:
        document = json.loads(line)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    match document.get("record_type"):
        case "incident":
            return Incident(**_values(INCIDENT_FIELDS, document))
        case "tally":
            return Tally(**_values(TALLY_FIELDS, document))
        case other:
            raise ValueError(f"record_type is {other!r}, neither 'incident' nor 'tally'")


def _values(fields: tuple[Field, ...], document: dict[str, Any]) -> dict[str, Any]:
    return {field.name: _from_wire(field, document.get(field.name)) for field in fields}


def _from_wire(field: Field, value: Any) -> Any:
    fits = isinstance(value, _PYTHON.get(field.type, (str,))) and not isinstance(value, bool)
    if not fits:
        raise ValueError(f"{field.name} is {value!r}, expected {field.type}")
    if field.type is FieldType.TIMESTAMP:
        return parse_instant(value)
    return tuple(value) if field.type is FieldType.TEXTS else value


def _to_wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    return list(value) if isinstance(value, tuple) else value
