"""A shop small enough to be built in a second, with everything that makes marts hard: see `small_shop`."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from signals import incident

from commerce.event import Event, to_line
from commerce.incident import Incident
from commerce.incident import to_line as incident_line

BEGIN = datetime(2019, 10, 4, tzinfo=UTC)  # a Friday: a week ends within the story
DAYS = 4
USERS = tuple(f"u{n}" for n in range(6))
TYPES = ("view", "view", "view", "cart", "purchase", "remove_from_cart")


@dataclass(frozen=True)
class Delivery:
    """A raw object: feed, key below the feed's prefix, lines."""

    feed: str
    key: str
    lines: tuple[bytes, ...]

    @property
    def object_key(self) -> str:
        """The key in the raw bucket."""
        return f"raw/{self.feed}/{self.key}.gz"

    @property
    def content(self) -> bytes:
        """The object's bytes, unpacked."""
        return b"\n".join(self.lines) + b"\n"


def small_shop(seed: int) -> list[Delivery]:
    """Return deliveries in order of arrival.

    There are visits across midnight, pauses about half an hour, users with and without sessions, objects that come a
    day late, events sent twice, and verdicts that arrive days later.
    """
    rng = random.Random(seed)
    events = [event for user in USERS for event in _life(rng, user)]
    days: dict[str, list[Event]] = {}
    for event in events:
        late = timedelta(days=rng.choice((0, 0, 0, 0, 1, 2)))
        days.setdefault(f"{event.event_time + late:%Y/%m/%d/23}/a.jsonl", []).append(event)
    deliveries = [Delivery("events", key, _lines(rng, found)) for key, found in sorted(days.items())]
    accused = rng.sample(USERS, 3)
    verdicts = [_verdict(rng, rng.choice([event for event in events if event.user_id == user])) for user in accused]
    for verdict in verdicts:
        place = rng.randint(1, len(deliveries))
        key = f"2019/10/0{rng.randint(5, 9)}/01/{verdict.incident_id[:6]}.jsonl"
        deliveries.insert(place, Delivery("incidents", key, (incident_line(verdict),)))
    return deliveries


def incidents(deliveries: Iterable[Delivery]) -> list[str]:
    """Return the ids of the incidents among the deliveries."""
    return [json.loads(line)["incident_id"] for d in deliveries if d.feed == "incidents" for line in d.lines]


def _life(rng: random.Random, user: str) -> Iterable[Event]:
    at = BEGIN + timedelta(hours=rng.uniform(0, 30))
    number = session = 0
    while at < BEGIN + timedelta(days=DAYS):
        tracked = rng.random() < 0.6
        for _ in range(rng.randint(1, 6)):
            number += 1
            product = rng.randint(1, 4)
            yield Event(
                event_id=f"{user}-{number}",
                event_time=at,
                event_type=rng.choice(TYPES),
                product_id=str(product),
                category_id=str(product % 2),
                category_code=("shoes.boots", None)[product % 2],
                brand=("acme", "bolt", None)[product % 3],
                price=f"{product * 10}.50",
                user_id=user,
                # A tracked session may be taken up again days later.
                user_session=f"s{user}{session if rng.random() < 0.9 else 0}" if tracked else None,
            )
            at += timedelta(minutes=rng.choice((1, 2, 10, 29, 30, 31, 45)))
        session += 1
        at += timedelta(hours=rng.choice((1, 5, 11, 23)))


def _lines(rng: random.Random, events: list[Event]) -> tuple[bytes, ...]:
    lines = [to_line(event) for event in events]
    return (*lines, *rng.sample(lines, k=min(2, len(lines))), b"no event")


def _verdict(rng: random.Random, event: Event) -> Incident:
    """Return an incident that opened with that event."""
    user, opened_at = event.user_id, event.event_time
    return incident(user, opened_at, last_seen_at=opened_at + timedelta(hours=rng.choice((1, 12, 30))))
