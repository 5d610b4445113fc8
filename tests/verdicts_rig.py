"""A few visits about midnight, and what each verdict takes out of them: a user's, a session's, an address's events."""

from datetime import UTC, datetime, timedelta
from typing import Any

from signals import incident as any_incident

from commerce.event import format_instant
from commerce.incident import Incident

OPENED = datetime(2019, 10, 2, 0, 10, tzinfo=UTC)
LAST_SEEN = OPENED + timedelta(minutes=30)
SHARED = "192.0.2.7"


def event(number: int, minute: float, user_id: str, **fields: str) -> dict[str, str]:
    """Return an event so many minutes after the crossing."""
    at = format_instant(OPENED + timedelta(minutes=minute))
    kind = ("view", "cart", "purchase")[number % 3]
    given = {"event_id": f"e{number:02d}", "event_time": at, "event_type": kind, "product_id": str(number % 2)}
    return {**given, "price": "10.00", "user_id": user_id, **fields}


# Sessions that began the day before, on which no verdict reaches: two users in one from one address, one of them
# elsewhere too, and others beside them.
EVENTS = [
    event(0, -40, "a", user_session="s1", ip_address=SHARED),  # before the window, the day before
    event(1, -1, "a", user_session="s1", ip_address=SHARED),  # at the window's beginning
    event(2, 5, "b", user_session="s1", ip_address=SHARED),
    event(3, 15, "a", user_session="s1", ip_address=SHARED),
    event(4, 30, "b", user_session="s1", ip_address="192.0.2.8"),  # the last moment, from elsewhere
    event(5, 31, "a", user_session="s1", ip_address=SHARED),  # after it
    event(6, 6, "a", user_session="s2", ip_address="192.0.2.8"),  # the same user in another session
    event(7, 7, "c", user_session="s3", ip_address=SHARED),  # another session from the address
    event(8, 8, "c", ip_address=SHARED),  # untracked, from the address
    event(9, 20, "c", ip_address="192.0.2.8"),  # the same visit goes on from elsewhere
    event(10, -20, "c"),  # the same visit, the day before, from nobody knows where
    event(11, 9, "d"),
    event(12, 9, "s1", user_session="s4", ip_address="192.0.2.9"),  # a user called like the session
]
TAKEN_OUT = {
    ("session", "s1"): {"e01", "e02", "e03", "e04"},
    ("address", SHARED): {"e01", "e02", "e03", "e07", "e08"},
    ("user", "a"): {"e01", "e03", "e06"},
    ("user", "s1"): {"e12"},
}


def incident(subject_type: str, subject: str, **changes: Any) -> Incident:
    values = {"incident_id": f"{subject_type}-{subject}", "subject_type": subject_type, "last_seen_at": LAST_SEEN}
    return any_incident(subject, OPENED, **values | changes)
