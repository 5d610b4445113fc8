"""What travels on the incidents stream: incidents, tallies that account for the rest, and signals of behavioural risk.

An incident is one episode of behaviour above a rule's threshold.
An episode opens, is extended while the behaviour goes on, and closes. Its id is derived from what it is, never
from when it was written, so that delivery at least once still gives one row and one alert.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from commerce.event import format_instant, parse_instant
from commerce.fields import INCIDENT_FIELDS, INSTANT, RISK_FIELDS, TALLY_FIELDS, Field, FieldType
from commerce.risk.signs import RiskClass
from commerce.rules.rule import Severity, SubjectType

MAX_SAMPLES = 20
# A row and a mail have their bounds; an attack need not.
MAX_SUBJECTS = 500
# A year: times are reckoned with it, and nobody looks back for longer.
LONGEST_WINDOW_SECONDS = 366 * 86_400


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
    KNOWN = "known"  # of an automaton that is welcome


# Fields that name one of a few things. A value from outside could neither be ordered nor be a metric's dimension.
_CHOICES: dict[str, tuple[str, ...]] = {
    "state": tuple(State),
    "severity": tuple(Severity),
    "subject_type": tuple(SubjectType),
    "outcome": tuple(Outcome),
    "risk_class": (RiskClass.ELEVATED, RiskClass.HIGH),
}


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
    subjects: tuple[str, ...] = ()
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


@dataclass(frozen=True, kw_only=True)
class RiskSignal:
    """One session of a person that gave reason to take care. Scores are None where there was too little evidence."""

    risk_id: str
    user_id: str
    began_at: datetime
    ended_at: datetime
    risk_class: str
    risk: float
    sentences: str
    impulsivity: float | None
    nocturnal: float | None
    fatigue: float | None
    volatility: float | None
    actions: int
    night_actions: int
    pauses: int
    rushed_pauses: int
    purchases: int
    record_type: str = "risk"


_FIELDS: dict[type, tuple[Field, ...]] = {Incident: INCIDENT_FIELDS, Tally: TALLY_FIELDS, RiskSignal: RISK_FIELDS}


def incident_id(*, rule: str, rule_version: int, subject: str, opened_at: datetime) -> str:
    """Return the id of the episode: SHA-256 in hex over its four parts."""
    parts = "|".join((rule, str(rule_version), subject, format_instant(opened_at)))
    return hashlib.sha256(parts.encode()).hexdigest()


def to_line(record: Incident | Tally | RiskSignal) -> bytes:
    """Return the record as one line of JSON, without the line break."""
    wire = {field.name: _to_wire(getattr(record, field.name)) for field in _FIELDS[type(record)]}
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def parse(line: bytes) -> Incident | Tally | RiskSignal:
    """Read a record of the incidents stream; raises ValueError with the reason where it is none.

    The reason names the field at fault and never quotes its value: it goes to logs, and the value may be a shopper.
    """
    try:
        document = json.loads(line, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no character: ValueError
    except RecursionError as error:
        raise ValueError("not JSON: nested too deep") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    match document.get("record_type"):
        case "incident":
            return Incident(**_values(INCIDENT_FIELDS, document))
        case "tally":
            return Tally(**_values(TALLY_FIELDS, document))
        case "risk":
            return RiskSignal(**_values(RISK_FIELDS, document))
        case _:
            raise ValueError("record_type is neither 'incident', 'tally' nor 'risk'")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _values(fields: tuple[Field, ...], document: dict[str, Any]) -> dict[str, Any]:
    return {field.name: _from_wire(field, document.get(field.name)) for field in fields}


def _from_wire(field: Field, value: Any) -> Any:
    if value is None:
        if field.required:
            raise ValueError(f"{field.name} is missing")
        # Records of earlier versions have no list of subjects; a score may be missing.
        return () if field.type is FieldType.TEXTS else None
    if field.name == "subjects" and isinstance(value, list) and len(value) > MAX_SUBJECTS:
        raise ValueError(f"{field.name} is longer than {MAX_SUBJECTS}")
    if field.name == "window_seconds" and isinstance(value, int) and value > LONGEST_WINDOW_SECONDS:
        raise ValueError(f"{field.name} is longer than {LONGEST_WINDOW_SECONDS}")
    if not _is_acceptable(field, value):
        choices = _CHOICES.get(field.name)
        raise ValueError(f"{field.name} is not " + (f"one of {', '.join(choices)}" if choices else f"a {field.type}"))
    if field.type is FieldType.TIMESTAMP:
        return parse_instant(value)
    if field.type is FieldType.NUMBER:
        return float(value)  # a sender may leave out the fraction of a whole number
    return tuple(value) if field.type is FieldType.TEXTS else value


def _is_acceptable(field: Field, value: Any) -> bool:
    match field.type:
        case FieldType.COUNT:
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
        case FieldType.NUMBER:
            # DynamoDB keeps no number that is nearer to nothing than 1e-130, or beyond 1e126.
            return type(value) in (int, float) and (value == 0 or 1e-100 < abs(value) < 1e100)
        case FieldType.TEXTS:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case FieldType.TIMESTAMP:
            return isinstance(value, str) and re.fullmatch(INSTANT, value, re.ASCII) is not None
        case _:
            return isinstance(value, str) and value in _CHOICES.get(field.name, (value,))


def _to_wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    return list(value) if isinstance(value, tuple) else value
