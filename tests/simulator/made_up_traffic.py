"""One run of `generate`, taken apart the way a reader of the stream would: by parsing."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, settings

from commerce.event import Event, parse
from commerce.rejects import Reject
from simulator.generate import records
from simulator.options import Options
from simulator.record import Record
from simulator.truth import Truth

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000

# No shrinking: an example takes a second, and its options already say how to see it again.
few = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Traffic:
    """The records, what a parser makes of them, and whose events they are."""

    def __init__(self, options: Options, *, parsing: bool = True) -> None:
        """Without parsing the records are believed: for runs of which only matters who does what and when."""
        generated = records(options)
        self.records = list(generated)
        self.truth: Truth = generated.truth()
        self.outcomes = list(map(parsed_record if parsing else believed, self.records))
        self.rejects = Counter(outcome.reason for outcome in self.outcomes if isinstance(outcome, Reject))
        self.arrivals = [outcome for outcome in self.outcomes if isinstance(outcome, Event)]
        self.events = {event.event_id: event for event in self.arrivals}
        self.by_user: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(self.events.values(), key=lambda event: event.event_time):
            self.by_user[event.user_id].append(event)
        # Once a run: asking again for every user costs their number squared.
        attacks = self.truth.attacks
        self.of_surges = {user for attack in attacks if attack.family == "site_surge" for user in attack.users}
        crawlers = {user for other in self.truth.look_alikes if other.name == "allowed_crawler" for user in other.users}
        # By their sessions: whose account is stolen has visits of their own.
        stolen = frozenset[str]().union(*(attack.sessions for attack in attacks))
        own = ([act for act in acts if act.user_session not in stolen] for acts in self.by_user.values())
        self.people = [acts for acts in own if acts and acts[0].user_id not in crawlers]


def parsed_record(record: Record) -> Event | Reject:
    return parse(record.data, arrived_at=ARRIVED_AT)


def believed(record: Record) -> Event | None:
    """Return the event as its maker wrote it, unchecked, None where the maker says that it is none."""
    if record.event_time is None:
        return None
    document = json.loads(record.data)
    return Event(**document | {"event_time": record.event_time, "price": Decimal(document["price"])})


def most_within(acts: list[Event], window: timedelta) -> int:
    times = [act.event_time for act in acts]
    return max(bisect_right(times, start + window) - position for position, start in enumerate(times))


def most_products_within(acts: list[Event], window: timedelta) -> int:
    inside: Counter[str] = Counter()
    oldest = most = 0
    for act in acts:
        inside[act.product_id] += 1
        while acts[oldest].event_time < act.event_time - window:
            inside[acts[oldest].product_id] -= 1
            if not inside[acts[oldest].product_id]:
                del inside[acts[oldest].product_id]
            oldest += 1
        most = max(most, len(inside))
    return most


def milliseconds(event: Event) -> int:
    return round(event.event_time.timestamp() * 1000)
