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
# Visits of which a verdict takes out the beginning, before midnight: what is left begins on a day it does not reach.
CUT_OFF = [
    event(20, -36, "p", user_session="s9"),
    event(21, -30, "p", user_session="s9"),
    event(22, 3, "p", user_session="s9"),
    event(23, 5, "p", user_session="s9"),
    event(24, -36, "q"),
    event(25, -30, "q"),
    event(26, -5, "q"),
    event(27, 20, "q"),
    event(28, -30, "r", user_session="s8", ip_address="192.0.2.10"),
    event(29, 20 * 60, "r", user_session="s8"),  # taken up again in the evening
]
CUT = {"opened_at": OPENED - timedelta(minutes=35), "last_seen_at": OPENED - timedelta(minutes=12)}
CUT_AT = {
    ("user", "p"): {"e20", "e21"},
    ("user", "q"): {"e24", "e25"},
    ("session", "s8"): {"e28"},
    ("address", "192.0.2.10"): {"e28"},
}
TAKEN_OUT = {
    ("session", "s1"): {"e01", "e02", "e03", "e04"},
    ("address", SHARED): {"e01", "e02", "e03", "e07", "e08"},
    ("user", "a"): {"e01", "e03", "e06"},
    ("user", "s1"): {"e12"},
}


def incident(subject_type: str, subject: str, **changes: Any) -> Incident:
    values: dict[str, Any] = {
        "incident_id": f"{subject_type}-{subject}",
        "subject_type": subject_type,
        "last_seen_at": LAST_SEEN,
    }
    values |= changes
    return any_incident(subject, values.pop("opened_at", OPENED), **values)
