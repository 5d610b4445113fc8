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

from commerce.allowance import Allowance
from commerce.event import format_instant, parse_instant
from commerce.incident import Incident
from commerce.rules.rule import Severity
from lambdas.respond.episode import merged, severity_rank
from lambdas.respond.settings import TIME_TO_LIVE_ATTRIBUTE

OWN_ATTRIBUTES = {
    "revision": "How often the row was written: a write names the revision it read, so that none is lost.",
    "stored_at": "When the episode was first stored.",
    TIME_TO_LIVE_ATTRIBUTE: "Epoch second after which DynamoDB may delete the row, counted from its last write.",
    "alerted_at": "When its last alert was handed to the topic; absent as long as there was none.",
    "alerted_severity": "The severity that this alert told of. One that rises to critical is told once more.",
    "alert_claim": "Which invocation is sending the pending alert.",
    "alert_claimed_until": "When that claim lapses and another invocation may send the alert.",
    "allowed_because": "Why its subject is on the allow list; absent where it is not.",
    "allowed_until": "When that entry of the allow list expires. While it is there, no alert is sent.",
}
# The longest that publishing takes: two attempts of six seconds (`clients.BRISK`), and a pause between them.
PUBLISHING = timedelta(seconds=13)
# Longer than that; short enough that the alert of a crashed invocation is not stale.
CLAIM = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One episode as stored. An alert that is due is claimed by the invocation that sends it, and then noted."""

    incident: Incident
    revision: int
    stored_at: datetime
    expires_at: int
    alerted_at: datetime | None
    alert_claim: str | None
    alert_claimed_until: datetime | None
    alerted_severity: str | None = None
    allowed_because: str | None = None
    allowed_until: datetime | None = None

    @property
    def alert_is_pending(self) -> bool:
        """Whether an alert is due that nobody has noted as sent: whatever is due is claimed."""
        return self.alert_claim is not None

    def claim_lasts_until(self, moment: datetime) -> bool:
        """Whether nobody else may send the pending alert before that moment."""
        return self.alert_claimed_until is not None and moment <= self.alert_claimed_until

    @property
    def has_news(self) -> bool:
        """Whether there is something that no alert has told: the episode itself, or that it has become critical."""
        if self.alerted_severity is None:
            return True
        return self.incident.severity == Severity.CRITICAL != self.alerted_severity


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a state of an episode meets when it is stored.

    `token` names this invocation, `allowance` is the entry of the allow list that holds now for its subject, `asked`
    whether the list could be asked for it, `alerts` whether people are told of such incidents at all.
    """

    token: str
    now: datetime
    keep: timedelta
    allowance: Allowance | None
    asked: bool
    alerts: bool


def first(incident: Incident, *, met: Circumstances) -> Row:
    """Return the row of an episode not seen before; an alert that is due is claimed."""
    row = Row(
        incident=incident,
        revision=1,
        stored_at=met.now,
        expires_at=_expiry(met.now, met.keep),
        alerted_at=None,
        alert_claim=None,
        alert_claimed_until=None,
    )
    return _claimed(_allowed(row, met.allowance), met)


def advanced(row: Row, incident: Incident, *, met: Circumstances) -> Row:
    """Return the row after another state of the episode; the very same row where that brings nothing new.

    A due alert whose claim has lapsed is claimed anew: whoever had it did not come back. An episode that was allowed
    stays so until it is seen again without being allowed: a repetition of what is known gives no late alert. Where the
    list could not be asked, the entry that the row remembers holds until its end.
    """
    after = replace(row, incident=merged(row.incident, incident))
    seen_again = after.incident.last_seen_at > row.incident.last_seen_at
    if met.allowance is not None or (seen_again and not _holds_by_the_row(row, met)):
        after = _allowed(after, met.allowance)
    after = _claimed(after, met)
    return row if after == row else replace(after, revision=row.revision + 1, expires_at=_expiry(met.now, met.keep))


def alerted(row: Row, *, told: str, claim: str | None, now: datetime) -> Row:
    """Return the row with an alert sent that told of a severity; the very same row where that was noted already.

    `claim` is that of whoever sent it. Another's stays: it lapsed, and somebody else is sending the alert now. Should
    it have become critical meanwhile, whoever stored that finds nothing claimed, and sends the next alert.
    """
    after = row
    if row.alerted_severity is None or severity_rank(row.alerted_severity) < severity_rank(told):
        after = replace(after, alerted_at=now, alerted_severity=told)
    if row.alert_claim == claim:
        after = replace(after, alert_claim=None, alert_claimed_until=None)
    return row if after == row else replace(after, revision=row.revision + 1)


def _holds_by_the_row(row: Row, met: Circumstances) -> bool:
    return not met.asked and row.allowed_until is not None and met.now < row.allowed_until


def _allowed(row: Row, allowance: Allowance | None) -> Row:
    if allowance is None:
        return replace(row, allowed_because=None, allowed_until=None)
    return replace(row, allowed_because=allowance.because, allowed_until=allowance.expires_at)


def _claimed(row: Row, met: Circumstances) -> Row:
    """Return the row with an alert that is due claimed, by whoever has the claim until it lapses."""
    if not met.alerts or row.allowed_until is not None or not row.has_news:
        return replace(row, alert_claim=None, alert_claimed_until=None)
    if row.alert_claimed_until is not None and met.now < row.alert_claimed_until:
        return row
    return replace(row, alert_claim=met.token, alert_claimed_until=met.now + CLAIM)


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
            subjects=tuple(values.get("subjects", ())),
        ),
        revision=int(values["revision"]),
        stored_at=parse_instant(values["stored_at"]),
        expires_at=int(values[TIME_TO_LIVE_ATTRIBUTE]),
        alerted_at=_instant(values.get("alerted_at")),
        alert_claim=values.get("alert_claim"),
        alert_claimed_until=_instant(values.get("alert_claimed_until")),
        # A row of an earlier version has no word on it.
        alerted_severity=values.get("alerted_severity", values["severity"] if "alerted_at" in values else None),
        allowed_because=values.get("allowed_because"),
        allowed_until=_instant(values.get("allowed_until")),
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
