"""The mart about behavioural risk: held to the definitions in plain Python, and each border for itself."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lake_rig import embedded, new_bucket, put
from marts_rig import events_in, make_marts
from risk_people import FIRST_DAY, HOUR, ZONE, act, month_of_shoppers, stroll
from risk_reference import judge

from commerce.event import Event, to_line
from glue_jobs.marts import mart_named

Ask = Callable[..., list[dict[str, Any]]]
SCORES = ("impulsivity", "nocturnal", "fatigue", "volatility")


@pytest.fixture(scope="module")
def ask(tmp_path_factory) -> Ask:
    """Return what makes the mart of some events."""
    engine = embedded("raw", tmp_path_factory.mktemp("duckdb")).engine

    def make(events: Iterable[Event], *, time_zone: str = "UTC") -> list[dict[str, Any]]:
        made = make_marts(engine, events_in(to_line(event) for event in events), time_zone=time_zone)
        return made["shopper_risk"].dicts()

    return make


def judged(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what the reference says too, by user and time."""
    ordered = sorted(rows, key=lambda row: (row["user_id"], row["began_at"]))
    return [
        (
            row["user_id"],
            int(row["began_at"].timestamp()),
            tuple(None if row[name] is None else round(row[name], 9) for name in SCORES),
            round(row["risk"], 9),
            row["risk_class"],
        )
        for row in ordered
    ]


def some_traffic(seed: int) -> list[Event]:
    """Return weeks of a few users with every pace, hour, length and amount, none of them around midnight UTC."""
    dice = random.Random(seed)
    events: list[Event] = []
    for user, day in ((f"u{n}", day) for n in range(4) for day in range(0, 36, 2)):
        at, pace = dice.uniform(2, 16) * HOUR, dice.choice((0.4, 2.9, 3.1, 25, 100, 400))
        for _ in range(dice.choice((1, 6, 12, 40))):
            kind = dice.choice(("view", "view", "cart", "purchase"))
            events.append(act(user, day, at, kind=kind, price=f"{dice.choice((5, 20, 40, 500)) * dice.random():.2f}"))
            at += dice.choice((0, 1, 1, 1, 8)) * pace
    return events


@pytest.mark.parametrize("seed", range(4))
def test_every_session_is_judged_as_the_definitions_say(seed, ask):
    """Scores, risk and class, of sessions of all kinds, in a time zone whose clocks change meanwhile."""
    events = some_traffic(seed)
    expected = judge(events, time_zone=ZONE)
    assert judged(ask(events, time_zone=ZONE)) == [tuple(vars(session).values()) for session in expected]
    assert {session.risk_class for session in expected} >= {"elevated", "standard", "too_little_evidence"}


def test_each_sign_shows_in_whom_it_should_and_in_nobody_else(ask):
    """The night owl is not awake at an unusual hour, and what was paid long ago is no habit any more."""
    highest: dict[str, dict[str, float]] = {}
    for row in ask(month_of_shoppers(), time_zone=ZONE):
        shown = {name: row[name] for name in SCORES if (row[name] or 0.0) >= 0.5}
        highest.setdefault(row["user_id"], {}).update(shown)
    assert {user: set(shown) for user, shown in highest.items()} == {
        "hasty": {"impulsivity"},
        "night_owl": set(),
        "sleepless": {"nocturnal"},
        "tireless": {"fatigue"},
        "erratic": {"volatility"},
        "splurging": {"volatility"},
        "of_old": set(),
        "last_of_all": set(),
    }


def test_the_sentences_say_what_was_measured(ask):
    """Whoever takes care of somebody must know why, in numbers."""
    rows = ask(month_of_shoppers(), time_zone=ZONE)
    said = {row["user_id"]: row["sentences"] for row in rows}
    by_risk = {row["user_id"]: row for row in rows if row["risk_class"] == "high"}
    assert by_risk["sleepless"]["sentences"] == (
        "49 percent of 79 pauses between actions were in a rush, below 3 seconds on average. "
        "100 percent of the actions were between 00:00 and 05:00, where 0 percent are usual for this shopper. "
        "The session went on for 74 minutes without a break of 30."
    )
    assert said["last_of_all"] == (
        "With fewer than 10 pauses, haste cannot be judged. With fewer than 5 actions, or 20 in the 28 days before, "
        "an unusual night cannot be told."
    )


@pytest.mark.parametrize(("every", "rushed"), [(2.9, 56), (3.0, 0)])
def test_a_rush_is_below_three_seconds(every, rushed, ask):
    """Not at three. The first three pauses are too few to tell."""
    [row] = ask(stroll("u", 0, 10 * HOUR, actions=60, every=every))
    assert (row["pauses"], row["rushed_pauses"]) == (59, rushed)


def test_an_equal_pace_with_one_long_pause_is_still_a_rush(ask):
    """Reading for two minutes before clicking away in haste does not make it slower."""
    events = [act("u", 0, 10 * HOUR), *stroll("u", 0, 10 * HOUR + 120, actions=40, every=0.5)]
    [row] = ask(events)
    assert (row["pauses"], row["rushed_pauses"]) == (40, 39)


@pytest.mark.parametrize(("hour", "night"), [(4, 12), (5, 0), (23, 0)])
def test_night_is_before_five_by_the_clock_of_the_shop(hour, night, ask):
    """Berlin is an hour ahead in March."""
    [row] = ask(stroll("u", 3, (hour - 1) * HOUR, actions=12, every=60), time_zone="Europe/Berlin")
    assert row["night_actions"] == night


@pytest.mark.parametrize(("minutes", "fatigue"), [(30, 0.0), (75, 0.5), (120, 1.0)])
def test_fatigue_begins_after_half_an_hour(minutes, fatigue, ask):
    """Half an hour is a visit as any other."""
    [row] = ask([*stroll("u", 0, 10 * HOUR, actions=minutes, every=60), act("u", 0, 10 * HOUR + minutes * 60)])
    assert row["fatigue"] == fatigue


@pytest.mark.parametrize(("price", "score"), [("310.00", 0.0), ("610.00", 0.5), ("910.00", 1.0)])
def test_amounts_are_volatile_from_a_deviation_of_150_on(price, score, ask):
    """Two of ten and two of the price: half their difference is the deviation."""
    prices = ("10.00", "10.00", price, price)
    bought = [act("u", 0, 10 * HOUR + 60 * n, kind="purchase", price=paid) for n, paid in enumerate(prices)]
    [row] = ask(bought)
    assert row["volatility"] == score


def test_a_session_past_midnight_is_one(ask):
    """It is of the day it began on, and the habit of what follows."""
    events = stroll("u", 0, 23 * HOUR, actions=121, every=60)
    [row] = ask(events)
    assert (row["day"], row["actions"], row["fatigue"]) == (date(2025, 3, 1), 121, 1.0)
    assert row["ended_at"] == FIRST_DAY + timedelta(hours=25)


def test_a_day_is_computed_again_when_the_habit_before_it_changes(s3, tmp_path):
    """Late events of a day change what was unusual for four weeks after it, and nothing later."""
    usual, unusual = (stroll("u", day, 15 * HOUR, actions=30, every=60) for day in (0, 5))
    nights = [stroll("u", day, 1 * HOUR, actions=12, every=60) for day in (20, 28, 29)]
    lake = embedded(new_bucket(), tmp_path / "late", days_at_once=2)
    for number, events in enumerate(([*nights[0], *nights[1], *nights[2], *unusual], usual)):
        key = f"raw/events/2025/04/01/0{number}/a.gz"
        put(lake.settings.raw_bucket, key, b"\n".join(to_line(event) for event in events))
        lake.curate()
        lake.build(at=datetime(2025, 4, 2, tzinfo=UTC))
    at_once = embedded(lake.settings.raw_bucket, tmp_path / "once")
    at_once.curate()
    at_once.build(at=datetime(2025, 4, 2, tzinfo=UTC))
    assert lake.marts()["shopper_risk"] == at_once.marts()["shopper_risk"]
    nocturnal = "SELECT nocturnal FROM shopper_risk WHERE reading = 'all_traffic' AND night_actions > 0 ORDER BY day"
    assert all(row["nocturnal"] for row in lake.rows(nocturnal))


def test_the_habit_reaches_no_further_than_the_mart_looks_back():
    """A day that a row is made of and that is not named would leave the row as it was when that day changes."""
    mart = mart_named("shopper_risk")
    day = date(2025, 3, 30)
    assert mart.made_of([day]) == {day + timedelta(days=n) for n in range(-29, 2)}
    assert all(day in mart.made_of([other]) for other in mart.touched_by([day]))
