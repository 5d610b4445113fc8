"""The truth about people, worked out a second time from nothing but the records."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from made_up_traffic import ARRIVED_AT

from commerce.event import Event, parse
from simulator.__main__ import generate
from simulator.catalogue import Product
from simulator.daybook import Daybook
from simulator.visit import Act, Shopper

TYPES = {"view": "views", "cart": "carts", "remove_from_cart": "removals", "purchase": "purchases"}


@dataclass
class Run:
    """The truth of a run, and the good events of its people: the first of each id, in order of event time."""

    truth: dict
    people: list[Event] = field(default_factory=list)
    attackers_events: list[Event] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a night with everything in it: attacks, a sale, late and doubled events, poison, and a midnight."""
    folder = tmp_path_factory.mktemp("night")
    out, truth = folder / "out.jsonl", folder / "truth.json"
    shares = {"late": 0.05, "duplicates": 0.05, "poison": 0.02}
    generate(to=f"file:{out}", truth=truth, start=datetime(2025, 3, 3, 19), hours=7, events=6_000, **shares)
    run = Run(json.loads(truth.read_text()))
    subjects = {attack["subject"] for attack in run.truth["attacks"]}
    for event in sorted(unique(out), key=lambda event: event.event_time):
        is_attacker = event.user_id in subjects or event.user_id.startswith("8")
        (run.attackers_events if is_attacker else run.people).append(event)
    return run


def unique(out: Path) -> list[Event]:
    parsed = (parse(line, arrived_at=ARRIVED_AT) for line in out.read_bytes().split(b"\n"))
    return list({event.event_id: event for event in parsed if isinstance(event, Event)}.values())


def by_day(people: list[Event]) -> list[dict]:
    days: dict[date, list[Event]] = defaultdict(list)
    began: dict[str, date] = {}
    bought = {event.user_session or "" for event in people if event.event_type == "purchase"}
    for event in people:
        days[event.event_time.date()].append(event)
        began.setdefault(event.user_session or "", event.event_time.date())
    visits = {day: {name for name, first in began.items() if first == day} for day in days}
    return [
        {
            "day": day.isoformat(),
            "visitors": len({event.user_id for event in events}),
            "visits": len(visits[day]),
            "orders": len(visits[day] & bought),
            "conversion": len(visits[day] & bought) / len(visits[day]),
            "events": len(events),
            **{name: sum(event.event_type == kind for event in events) for kind, name in TYPES.items()},
            "revenue": str(sum((e.price for e in events if e.event_type == "purchase"), Decimal("0.00"))),
        }
        for day, events in sorted(days.items())
    ]


def test_the_days_of_people_follow_from_the_records(run: Run):
    """A lake that was filled with these records is compared with these days, to the cent."""
    assert run.truth["people_by_day"] == by_day(run.people)
    assert [day["day"] for day in run.truth["people_by_day"]] == ["2025-03-03", "2025-03-04"]


def test_the_best_sellers_follow_from_the_records(run: Run):
    """By revenue, and by id among equals: a ranking must have one right answer."""
    sold: Counter[str] = Counter()
    revenue: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in run.people:
        if event.event_type == "purchase":
            sold[event.product_id] += 1
            revenue[event.product_id] += event.price
    best = sorted(sold, key=lambda product_id: (-revenue[product_id], product_id))[:10]
    assert run.truth["top_products"] == [
        {"product_id": product_id, "purchases": sold[product_id], "revenue": str(revenue[product_id])}
        for product_id in best
    ]
    assert len(best) == 10


def test_the_night_holds_every_case_that_could_be_counted_wrong(run: Run):
    """Visits over midnight, users who come on both days or twice on one, attackers, and every kind of dirt."""
    sessions: dict[str, set[date]] = defaultdict(set)
    users: dict[str, set[date]] = defaultdict(set)
    visits: dict[tuple[str, date], set[str]] = defaultdict(set)
    for event in run.people:
        day = event.event_time.date()
        sessions[event.user_session or ""].add(day)
        users[event.user_id].add(day)
        visits[event.user_id, day].add(event.user_session or "")
    assert any(len(days) == 2 for days in sessions.values())
    assert any(len(days) == 2 for days in users.values())
    assert any(len(keys) > 1 for keys in visits.values())
    assert run.attackers_events
    assert min(run.truth["late"], run.truth["duplicates"], sum(run.truth["poison"].values())) > 0
    assert run.truth["events"] == len(run.people) + len(run.attackers_events)
    assert run.truth["people"] == len(users)
    assert run.truth["sessions"] == len(sessions)


def test_equal_revenue_is_ranked_by_id_as_text():
    """Other engines sort these ids as text, so "10" comes before "9"."""
    midnight_ms = round(datetime(2025, 3, 4, tzinfo=UTC).timestamp() * 1000)
    products = [Product(product_id, cents, "") for product_id, cents in (("9", 200), ("10", 200), ("8", 100), ("7", 1))]
    bought = [*products, products[2], products[3]]
    book = Daybook()
    book.enter(Shopper("1", "", ""), [Act(midnight_ms, b"", "1", "purchase", product) for product in bought])
    ranked = [(sold.product_id, sold.purchases, sold.document()["revenue"]) for sold in book.top_products()]
    assert ranked == [("10", 1, "2.00"), ("8", 2, "2.00"), ("9", 1, "2.00"), ("7", 2, "0.02")]


def test_a_shop_without_people_has_no_days():
    """Nobody came: there is no day to compare with, and no product."""
    assert (Daybook().days(), Daybook().top_products()) == ((), ())
