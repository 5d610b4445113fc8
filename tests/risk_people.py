"""A month of a few shoppers in whom the signs of behavioural risk show, and of some in whom they must not.

Everybody's story is told where it is made. Times are counted from midnight UTC of `FIRST_DAY`, and words such as night
are those of `ZONE`, eight hours behind, seven from the 9th day on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from commerce.event import Event

FIRST_DAY = datetime(2025, 3, 1, tzinfo=UTC)
ZONE = "America/Los_Angeles"
HOUR = 3600


def month_of_shoppers() -> list[Event]:
    """Return all of their events in order, some of them sent twice."""
    events = [event for story in STORIES for event in story()]
    again = [event for number, event in enumerate(events) if number % 7 == 0 or event.event_type == "purchase"]
    return sorted([*events, *again], key=lambda event: (event.event_time, event.event_id))


def act(user: str, day: int, second: float, *, kind: str = "view", price: str = "20.00") -> Event:
    """Return an event of the user, so many days and seconds after the beginning."""
    at = FIRST_DAY + timedelta(days=day, seconds=second)
    return Event(
        event_id=f"{user}-{kind}-{round(at.timestamp() * 1000)}",
        event_time=at,
        event_type=kind,
        product_id="product",
        price=Decimal(price),
        user_id=user,
    )


def stroll(user: str, day: int, second: float, *, actions: int, every: float) -> list[Event]:
    """Return so many views at an even pace."""
    return [act(user, day, second + number * every) for number in range(actions)]


def hasty() -> Iterator[Event]:
    """Look around, then click twice a second; then buy."""
    yield from stroll("hasty", 1, 10 * HOUR, actions=10, every=20)
    yield from stroll("hasty", 1, 10 * HOUR + 300, actions=60, every=0.5)
    yield act("hasty", 1, 10 * HOUR + 340, kind="purchase")


def night_owl() -> Iterator[Event]:
    """Shop at two in the morning, as on every night: nothing is unusual."""
    for day in range(8):
        yield from stroll("night_owl", day, 10 * HOUR, actions=12, every=30)


def sleepless() -> Iterator[Event]:
    """Shop by day for a week, then once after midnight, for more than an hour, and in a rush at the end."""
    for day in range(6):
        yield from stroll("sleepless", day, 15 * HOUR, actions=12, every=30)
    yield from stroll("sleepless", 6, 9 * HOUR, actions=40, every=110)
    yield from stroll("sleepless", 6, 9 * HOUR + 4400, actions=40, every=1.3)


def tireless() -> Iterator[Event]:
    """Go on for two hours without a break."""
    yield from stroll("tireless", 9, 9 * HOUR, actions=240, every=31)


def erratic() -> Iterator[Event]:
    """Pay next to nothing and a lot, in one go."""
    yield from stroll("erratic", 11, 16 * HOUR, actions=4, every=45)
    for number, price in enumerate(("5.00", "1500.00", "12.50", "3.99")):
        yield act("erratic", 11, 16 * HOUR + 300 + 40 * number, kind="purchase", price=price)


def splurging() -> Iterator[Event]:
    """Pay a little for weeks, then twelve times as much; and stay for more than an hour."""
    for day in range(2, 14, 2):
        yield act("splurging", day, 12 * HOUR, kind="purchase", price="15.00")
    yield from stroll("splurging", 15, 12 * HOUR, actions=90, every=47)
    yield act("splurging", 15, 12 * HOUR + 4300, kind="purchase", price="180.00")


def of_old() -> Iterator[Event]:
    """Pay a little at the beginning, and twelve times as much more than four weeks later: no habit is left."""
    for number in range(4):
        yield act("of_old", 0, 12 * HOUR + 60 * number, kind="purchase", price="15.00")
    yield from stroll("of_old", 29, 12 * HOUR, actions=90, every=47)
    yield act("of_old", 29, 12 * HOUR + 4300, kind="purchase", price="180.00")


def last_of_all() -> Iterator[Event]:
    """Come by when all others are long gone, so that the clock of the stream moves on."""
    yield act("last_of_all", 31, 12 * HOUR)


STORIES = (hasty, night_owl, sleepless, tireless, erratic, splurging, of_old, last_of_all)
