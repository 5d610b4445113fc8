"""Attackers break their own rule and no other, and can be told from the people around them."""

from bisect import bisect_left
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import MINUTE_MS, Traffic, believed, few, milliseconds, most_products_within, most_within

from simulator.generate import records
from simulator.options import Options
from simulator.visit import BROWSERS, OUTDATED_BROWSERS, SCRIPTS


@few
@given(st.integers(0, 10_000))
def test_attackers_of_one_user_keep_the_bounds_of_their_family(seed: int):
    """A flood is no scraping and a scraping no flood: one attack, one incident."""
    attacks = {"request_flood": 2, "catalogue_scraping": 2}
    run = Traffic(Options(seed=seed, events=50, attacks=attacks, sale=False), parsing=False)
    for attack in run.truth.attacks:
        acts = run.by_user[attack.subject]
        assert (len(acts), milliseconds(acts[0]), milliseconds(acts[-1])) == (
            attack.events,
            attack.start_ms,
            attack.end_ms,
        )
        assert {act.event_type for act in acts} == {"view"}
        products = most_products_within(acts, timedelta(minutes=10))
        per_minute = most_within(acts, timedelta(seconds=60))
        if attack.family == "request_flood":
            minutes = range(attack.start_ms, attack.end_ms - MINUTE_MS, MINUTE_MS)
            moments = [milliseconds(act) for act in acts]
            counts = [bisect_left(moments, at + MINUTE_MS) - bisect_left(moments, at) for at in minutes]
            assert len(counts) >= 3
            assert min(counts) >= 145
            assert products < 50
        else:
            minutes_long = (attack.end_ms - attack.start_ms) / MINUTE_MS
            assert 19 <= attack.events / minutes_long <= 72
            assert products >= 195
            assert per_minute <= 100


@pytest.mark.parametrize("events", [1_000, 36_000])
def test_a_surge_stands_out_and_nobody_in_it_buys(events: int):
    """Several thousand additional views within five minutes by hundreds of users, whatever the size of the shop."""
    run = Traffic(Options(hours=2, events=events, attacks={"site_surge": 1}, sale=False), parsing=False)
    (surge,) = run.truth.attacks
    acts = [act for user in run.of_surges for act in run.by_user[user]]
    assert len(acts) == surge.events >= 5_000
    assert surge.end_ms - surge.start_ms <= 5 * MINUTE_MS
    assert len(run.of_surges) >= 500
    assert max(len(run.by_user[user]) for user in run.of_surges) <= 5
    assert {act.event_type for act in acts} == {"view"}
    assert len(acts) >= 4 * usual_per_five_minutes(run, surge.start_ms)


def test_a_sale_is_a_surge_of_people_who_buy(traffic: Traffic):
    """Four times the usual volume, with carts and purchases: an alarm on it would be false."""
    assert traffic.truth.sale is not None
    start_ms, end_ms = traffic.truth.sale
    half = (start_ms + end_ms) // 2
    acts = [event for event in traffic.events.values() if half <= milliseconds(event) < half + 5 * MINUTE_MS]
    assert len(acts) >= 4 * usual_per_five_minutes(traffic, start_ms)
    assert sum(act.event_type in ("cart", "purchase") for act in acts) / len(acts) >= 0.1


def usual_per_five_minutes(run: Traffic, before_ms: int) -> float:
    since = before_ms - 30 * MINUTE_MS
    return sum(since <= milliseconds(event) < before_ms for event in run.events.values()) / 6


def test_a_surge_is_one_tool_that_nobody_else_uses(traffic: Traffic):
    """The users of a botnet can be told from people who come for the first time, and one botnet from another."""
    surges = [attack for attack in traffic.truth.attacks if attack.family == "site_surge"]
    agents = [
        {
            event.user_agent
            for user in traffic.of_surges
            for event in traffic.by_user[user]
            if surge.start_ms <= milliseconds(event) <= surge.end_ms
        }
        for surge in surges
    ]
    assert [len(agent) for agent in agents] == [1, 1]
    assert agents[0] != agents[1]
    others = {
        event.user_agent for user in traffic.by_user.keys() - traffic.of_surges for event in traffic.by_user[user]
    }
    assert others >= set(BROWSERS)
    assert not others & set(OUTDATED_BROWSERS)
    assert not set(OUTDATED_BROWSERS) & {*BROWSERS, *SCRIPTS}


def test_the_tool_of_a_surge_follows_from_the_seed():
    """Nobody may come to rely on one string; yet the same seed gives the same again."""
    seen = [agent_of_the_surge(seed) for seed in (1, 2, 3, 4, 5, 1)]
    assert seen[0] == seen[-1]
    assert len(set(seen)) > 1


def agent_of_the_surge(seed: int) -> str | None:
    options = Options(seed=seed, hours=2, events=50, attacks={"site_surge": 1}, sale=False, poison=0.0)
    events = filter(None, map(believed, records(options)))
    return next(event.user_agent for event in events if event.user_id.startswith("8"))
