"""An event as the rules see it, from whatever it came in: a parsed event or a record of the simulator."""

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from commerce.event import Event
from simulator.record import Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Observed(NamedTuple):
    """What the rules read of an event; `at_ms` is event time in milliseconds since 1970, absent texts are None."""

    at_ms: int
    event_id: str
    event_type: str
    product_id: str
    user_id: str
    price: float
    user_session: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None

    @property
    def act(self) -> str:
        """What the shopper did: this event, or the order that it is a line of."""
        if self.event_type not in ("cart", "purchase"):
            return self.event_id
        return f"{self.event_type}|{self.user_id}|{self.user_session}|{self.at_ms}"


def from_event(event: Event) -> Observed:
    """Return what the rules read of it."""
    return Observed(
        at_ms=ms_of(event.event_time),
        event_id=event.event_id,
        event_type=event.event_type,
        product_id=event.product_id,
        user_id=event.user_id,
        price=float(event.price),
        user_session=event.user_session,
        ip_address=event.ip_address,
        user_agent=event.user_agent,
    )


def from_record(record: Record) -> Observed | None:
    """Return what the rules read of the record, None where it is no event.

    The line is the simulator's own, so that the checks of `commerce.event.parse`, seven times as slow, find nothing.
    """
    if record.event_time is None:
        return None
    document = json.loads(record.data)
    return Observed(
        ms_of(record.event_time),
        document["event_id"],
        document["event_type"],
        document["product_id"],
        document["user_id"],
        float(document["price"]),
        document.get("user_session") or None,
        document.get("ip_address") or None,
        document.get("user_agent") or None,
    )


def ms_of(instant: datetime) -> int:
    """Return the instant in milliseconds since 1970."""
    return (instant - EPOCH) // _MILLISECOND


def instant_of(at_ms: int) -> datetime:
    """Return the instant, in UTC."""
    return EPOCH + timedelta(milliseconds=at_ms)
