"""A shopper event, the wire format it travels in, and the reference parser.

One event is one line of UTF-8 JSON. The parser here is the yardstick: the SQL that the detector and the lake run
is held to the same answers by the parity tests.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from commerce.fields import EVENT_FIELDS, Field, FieldType
from commerce.rejects import (
    MAX_LINE_CHARACTERS,
    MAX_OPENING_BRACKETS,
    REPLACEMENT_CHARACTER,
    TOLERATED_CLOCK_LEAD,
    Reject,
    invalid,
    missing,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One act of one shopper. Times are UTC with milliseconds, the price is an exact decimal."""

    event_id: str
    event_time: datetime
    event_type: str
    product_id: str
    price: Decimal
    user_id: str
    category_id: str | None = None
    category_code: str | None = None
    brand: str | None = None
    user_session: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None


def to_line(event: Event) -> bytes:
    """Return the event as one line of JSON, without the line break, absent fields left out."""
    wire = {field.name: _to_wire(getattr(event, field.name)) for field in EVENT_FIELDS}
    present = {name: value for name, value in wire.items() if value is not None}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":")).encode()


def parse(line: bytes, *, arrived_at: datetime) -> Event | Reject:
    """Read one line; return the event, or the reason why it is none.

    `arrived_at` is when the record reached the stream: an event a day ahead of it is refused, because its clock
    cannot be believed.
    """
    document = _document(line)
    if isinstance(document, Reject):
        return document
    values: dict[str, Any] = {}
    for field in EVENT_FIELDS:
        text = _scalar_text(document.get(field.name))
        if text is None or text == "":
            if field.required:
                return Reject(missing(field))
            continue
        value = _value(field, text)
        if value is None:
            return Reject(invalid(field))
        values[field.name] = value
    event = Event(**values)
    if event.event_time > arrived_at + TOLERATED_CLOCK_LEAD:
        return Reject("event_time_in_future")
    return event


def format_instant(instant: datetime) -> str:
    """Return a UTC instant as it stands on the wire: 2019-10-01T00:00:00.000Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def parse_instant(text: str) -> datetime:
    """Read an instant of the wire format; raises ValueError on a day that does not exist."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _document(line: bytes) -> dict[str, Any] | Reject:
    text = line.decode("utf-8", errors="replace")
    if REPLACEMENT_CHARACTER in text:
        return Reject("not_utf8")
    if len(text) > MAX_LINE_CHARACTERS:
        return Reject("too_long")
    if text.count("[") + text.count("{") > MAX_OPENING_BRACKETS:
        return Reject("too_deep")
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_int=_whole, parse_float=_shortest)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no character: ValueError
    except ValueError:
        return Reject("not_a_json_object")
    return document if isinstance(document, dict) else Reject("not_a_json_object")


def _whole(number: str) -> str:
    return "0" if number == "-0" else number


def _shortest(number: str) -> str:
    """Write out the double; from ten million on with an exponent, as the JVM does, so that no engine takes it."""
    value = float(number)
    return repr(value) if abs(value) < 1e7 else f"{Decimal(repr(value)):E}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _value(field: Field, text: str) -> str | datetime | Decimal | None:
    if field.max_length is not None and len(text) > field.max_length:
        return None
    if field.pattern is not None and not re.fullmatch(field.pattern, text, re.ASCII):
        return None
    if field.type is FieldType.TIMESTAMP:
        return parse_instant(text)
    return Decimal(text).quantize(Decimal("0.01")) if field.type is FieldType.MONEY else text


def _to_wire(value: Any) -> str | None:
    if isinstance(value, datetime):
        return format_instant(value)
    return str(value) if value is not None else None
