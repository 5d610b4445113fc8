"""Events for the detector's scenarios, made by hand: who does what, how often, from when."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from commerce.event import Event

START = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(  # each is a field of an event
    user: str,
    at: float,
    *,
    product: str = "1",
    kind: str = "view",
    name: str = "",
    price: str = "9.99",
    session: str | None = None,
    address: str | None = None,
    agent: str | None = None,
) -> Event:
    return Event(
        event_id=name or f"{user}-{kind}-{product}-{round(at * 1000)}",
        event_time=after(at),
        event_type=kind,
        product_id=product,
        price=Decimal(price),
        user_id=user,
        user_session=session,
        ip_address=address,
        user_agent=agent,
    )


def clicks(user: str, *, count: int, start: float, within: float, products: int = 1, kind: str = "view") -> list[Event]:
    """Return `count` events of one user, evenly over `within` seconds, going around `products` products."""
    step = within / count
    return [event(user, start + i * step, product=str(i % products), kind=kind) for i in range(count)]


def people(*, count: int, start: float, within: float, events_each: int = 5, buying: float = 0.1) -> list[Event]:
    """Return the events of ordinary shoppers, evenly over the time; each `1 / buying`th event is a cart."""
    total = count * events_each
    every = round(1 / buying) if buying else total + 1
    return [
        event(
            f"p{start:.0f}-{i % count}",
            start + i * within / total,
            product=str(i % 97),
            kind="cart" if i % every == every - 1 else "view",
        )
        for i in range(total)
    ]


def later(events: Iterable[Event], *, hours: int) -> list[Event]:
    """Return the same events some hours later, under other ids."""
    return [
        replace(each, event_id=f"{each.event_id}-{hours}h", event_time=each.event_time + timedelta(hours=hours))
        for each in events
    ]


def in_order(*groups: object) -> list[Event]:
    """Return all events of all groups in the order of their times."""
    events = [each for group in groups for each in group]  # type: ignore[attr-defined]
    return sorted(events, key=lambda each: (each.event_time, each.event_id))
