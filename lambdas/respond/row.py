"""A row of the incidents table: an episode, and what the responder knows about its alert.

The attributes of a row are the fields of an incident (`commerce.fields.INCIDENT_FIELDS`, without record_type; times
as on the wire, numbers exact) and those of `OWN_ATTRIBUTES`.
"""

import math
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from commerce.event import format_instant, parse_instant
from commerce.incident import Incident
from lambdas.respond.episode import merged
from lambdas.respond.settings import TIME_TO_LIVE_ATTRIBUTE

OWN_ATTRIBUTES = {
    "revision": "How often the row was written: a write names the revision it read, so that none is lost.",
    "stored_at": "When the episode was first stored.",
    TIME_TO_LIVE_ATTRIBUTE: "Epoch second after which DynamoDB may delete the row, counted from its last write.",
    "alerted_at": "When its alert was handed to the topic; absent while the alert is pending.",
    "alert_claim": "Which invocation is sending the pending alert.",
    "alert_claimed_until": "When that claim lapses and another invocation may send the alert.",
}
# Longer than publishing takes, retries included; short enough that the alert of a crashed invocation is not stale.
CLAIM = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One episode as stored. The alert is sent when `alerted_at` is set; until then a claim says who sends it."""

    incident: Incident
    revision: int
    stored_at: datetime
    expires_at: int
    alerted_at: datetime | None
    alert_claim: str | None
    alert_claimed_until: datetime | None


def first(incident: Incident, *, token: str, now: datetime, keep: timedelta) -> Row:
    """Return the row of an episode not seen before; its alert is pending and claimed by `token`."""
    return Row(
        incident=incident,
        revision=1,
        stored_at=now,
        expires_at=_expiry(now, keep),
        alerted_at=None,
        alert_claim=token,
        alert_claimed_until=now + CLAIM,
    )


def advanced(row: Row, incident: Incident, *, token: str, now: datetime, keep: timedelta) -> Row:
    """Return the row after another state of the episode; the very same row where that brings nothing new.

    A pending alert whose claim has lapsed is claimed by `token`: whoever had it did not come back.
    """
    after = replace(row, incident=merged(row.incident, incident))
    if row.alerted_at is None and (row.alert_claimed_until is None or row.alert_claimed_until <= now):
        after = replace(after, alert_claim=token, alert_claimed_until=now + CLAIM)
    return row if after == row else replace(after, revision=row.revision + 1, expires_at=_expiry(now, keep))


def alerted(row: Row, *, now: datetime) -> Row:
    """Return the row with its alert sent; the very same row where it already was."""
    if row.alerted_at is not None:
        return row
    return replace(row, alerted_at=now, alert_claim=None, alert_claimed_until=None, revision=row.revision + 1)


def to_item(row: Row) -> dict[str, Any]:
    """Return the row as DynamoDB's typed attributes; what is absent is left out."""
    own = {field.name: getattr(row, field.name) for field in fields(row) if field.name != "incident"}
    episode = {field.name: getattr(row.incident, field.name) for field in fields(row.incident)}
    del episode["record_type"]
    serialize = TypeSerializer().serialize
    return {name: serialize(_stored(value)) for name, value in (episode | own).items() if value is not None}


def from_item(item: dict[str, Any]) -> Row:
    """Read a row that `to_item` wrote."""
    deserialize = TypeDeserializer().deserialize
    values = {name: deserialize(attribute) for name, attribute in item.items()}
    return Row(
        incident=Incident(
            incident_id=values["incident_id"],
            rule=values["rule"],
            rule_version=int(values["rule_version"]),
            subject_type=values["subject_type"],
            subject=values["subject"],
            state=values["state"],
            severity=values["severity"],
            opened_at=parse_instant(values["opened_at"]),
            last_seen_at=parse_instant(values["last_seen_at"]),
            window_seconds=int(values["window_seconds"]),
            value=float(values["value"]),
            threshold=float(values["threshold"]),
            evidence=values["evidence"],
            sample_event_ids=tuple(values["sample_event_ids"]),
            sentence=values["sentence"],
        ),
        revision=int(values["revision"]),
        stored_at=parse_instant(values["stored_at"]),
        expires_at=int(values[TIME_TO_LIVE_ATTRIBUTE]),
        alerted_at=_instant(values.get("alerted_at")),
        alert_claim=values.get("alert_claim"),
        alert_claimed_until=_instant(values.get("alert_claimed_until")),
    )


def _stored(value: Any) -> Any:
    match value:
        case datetime():
            return format_instant(value)
        case float():
            return Decimal(repr(value))
        case tuple():
            return list(value)
        case _:
            return value


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text is not None else None


def _expiry(now: datetime, keep: timedelta) -> int:
    return math.ceil((now + keep).timestamp())
