"""An event survives the wire; every other line is refused with a reason from the list, and nothing is raised."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bad_input import ARRIVED_AT, read_event_line
from hypothesis import given
from hypothesis import strategies as st

from commerce.event import Event, format_instant, parse, parse_instant, to_line
from commerce.fields import EVENT_FIELDS, EVENT_TYPES, IDENTIFIER
from commerce.rejects import (
    MAX_LINE_CHARACTERS,
    MAX_OPENING_BRACKETS,
    REJECT_REASONS,
    TOLERATED_CLOCK_LEAD,
    Reject,
)
from commerce.schemas import json_schema

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2026, 3, 1, 12), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)
IDENTIFIERS = st.from_regex(re.compile(IDENTIFIER, re.ASCII), fullmatch=True).filter(lambda text: len(text) <= 64)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="[{\N{REPLACEMENT CHARACTER}"), min_size=1, max_size=40)
EVENTS = st.builds(
    Event,
    event_id=IDENTIFIERS,
    event_time=INSTANTS,
    event_type=st.sampled_from(EVENT_TYPES),
    product_id=IDENTIFIERS,
    price=st.decimals(0, Decimal("9999999999.99"), places=2),
    user_id=IDENTIFIERS,
    category_id=st.none() | IDENTIFIERS,
    category_code=st.none() | TEXTS,
    brand=st.none() | TEXTS,
    user_session=st.none() | IDENTIFIERS,
    ip_address=st.none() | st.ip_addresses().map(str),
    user_agent=st.none() | TEXTS,
)
GOOD: dict[str, Any] = {
    "event_id": "e1",
    "event_time": "2026-03-01T11:59:59.000Z",
    "event_type": "view",
    "product_id": "1004856",
    "price": "130.76",
    "user_id": "518043721",
}


def line(**changes: Any) -> bytes:
    """Return a good line with changes."""
    return json.dumps(GOOD | changes).encode()


@given(EVENTS)
def test_an_event_survives_the_wire(event: Event) -> None:
    """What the simulator sends is what the detector judges and the lake keeps."""
    assert parse(to_line(event), arrived_at=ARRIVED_AT) == event


@given(EVENTS)
def test_an_event_on_the_wire_fits_the_published_schema(event: Event) -> None:
    """A shop that validates against the schema must find its events accepted."""
    schema, document = json_schema(EVENT_FIELDS, title="event"), json.loads(to_line(event))
    assert set(schema["required"]) <= set(document) <= set(schema["properties"])
    for name, text in document.items():
        assert re.search(schema["properties"][name].get("pattern", ""), text, re.ASCII)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_reject(anything: bytes) -> None:
    """One shop's broken client must not stop the reading of all others."""
    read_event_line(anything)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([field.name for field in EVENT_FIELDS]), JSON_VALUES)
def test_any_value_in_any_field_is_an_event_or_a_reject(name: str, value: Any) -> None:
    """What is accepted goes over the wire again unchanged: no half-understood value gets in."""
    read_event_line(line(**{name: value}))


REJECTED = {
    "not_utf8": line(brand="X").replace(b"X", b"\xff"),
    "too_long": line(other="x" * MAX_LINE_CHARACTERS),
    "too_deep": line(other="[" * MAX_OPENING_BRACKETS),
    "not_a_json_object": b"[]",
    "event_time_in_future": line(event_time=format_instant(ARRIVED_AT + TOLERATED_CLOCK_LEAD + timedelta(seconds=1))),
    **{f"missing_{field.name}": line(**{field.name: None}) for field in EVENT_FIELDS if field.required},
    **{f"invalid_{field.name}": line(**{field.name: " " * 2000}) for field in EVENT_FIELDS},
}


def test_every_reason_has_an_example() -> None:
    """A reason that no line can have is a dead alarm; one without an example is not tested."""
    assert set(REJECTED) == set(REJECT_REASONS)


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_a_line_is_rejected_for_its_reason(reason: str) -> None:
    """The reason tells a shop what to repair."""
    assert parse(REJECTED[reason], arrived_at=ARRIVED_AT) == Reject(reason)


def test_the_good_line_is_an_event() -> None:
    """Otherwise every example above would be rejected for nothing."""
    assert isinstance(parse(line(), arrived_at=ARRIVED_AT), Event)


def test_a_clock_a_day_ahead_is_believed() -> None:
    """The bound itself is tolerated: a shop's time zone mistake is at most a day."""
    ahead = format_instant(ARRIVED_AT + TOLERATED_CLOCK_LEAD)
    assert isinstance(parse(line(event_time=ahead), arrived_at=ARRIVED_AT), Event)


@pytest.mark.parametrize(("text", "price"), [("0", "0.00"), ("1.5", "1.50"), ("9999999999.99", "9999999999.99")])
def test_a_price_is_exact(text: str, price: str) -> None:
    """A cent lost to a float is a cent the shop looks for."""
    event = parse(line(price=text), arrived_at=ARRIVED_AT)
    assert isinstance(event, Event)
    assert str(event.price) == price


@given(INSTANTS)
def test_an_instant_survives_its_text(instant: datetime) -> None:
    """Milliseconds and UTC: nothing more, nothing less."""
    assert parse_instant(format_instant(instant)) == instant
