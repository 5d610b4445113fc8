"""Each rule fires on what it is for, keeps quiet just below, and on what only looks alike."""

from collections import Counter

from detecting import Detector, records_of
from shoppers import after, clicks, event, in_order, people

from commerce.incident import incident_id
from commerce.rules import CATALOGUE_SCRAPING, REQUEST_FLOOD, SITE_SURGE


def opened(states):
    return {(state.rule, state.subject) for state in states if state.state == "open"}


def test_a_user_is_flagged_from_the_threshold_on_and_not_below(detector: Detector):
    """120 events within 60 seconds are a flood, 119 are not, nor are 120 spread over two minutes."""
    states = detector.states(
        records_of(
            in_order(
                clicks("flood", count=120, start=0, within=59),
                clicks("busy", count=119, start=0, within=59),
                clicks("patient", count=200, start=0, within=120),
            )
        ),
        rules=[REQUEST_FLOOD],
    )
    assert opened(states) == {("request_flood", "flood")}


def test_an_event_sent_again_counts_once(detector: Detector):
    """A producer that repeats its batches must not turn a shopper into a flood."""
    shopper = clicks("shopper", count=100, start=0, within=59)
    assert detector.states(records_of(in_order(shopper, shopper)), rules=[REQUEST_FLOOD]) == []


def test_a_scraper_is_flagged_and_a_shopper_who_carts_is_not(detector: Detector):
    """What tells them apart: different products, and nothing put into a cart."""
    states = detector.states(
        records_of(
            in_order(
                clicks("scraper", count=150, start=0, within=590, products=150),
                clicks("thorough", count=149, start=0, within=590, products=149),
                clicks("refresher", count=300, start=0, within=590, products=20),
                clicks("shopper", count=160, start=0, within=590, products=160),
                [event("shopper", 1, kind="cart")],
            )
        ),
        rules=[CATALOGUE_SCRAPING],
    )
    assert opened(states) == {("catalogue_scraping", "scraper")}


def test_a_crowd_that_does_not_buy_is_a_surge(detector: Detector):
    """Thirty minutes of shoppers, then fifteen hundred visitors within five minutes who only look."""
    usual = people(count=120, start=0, within=1800)
    bots = people(count=500, start=1800, within=290, events_each=4, buying=0)
    states = detector.states(records_of(in_order(usual, bots)), rules=[SITE_SURGE])
    assert Counter(state.state for state in states)["open"] == 1
    assert opened(states) == {("site_surge", "site")}


def test_a_sale_is_no_surge(detector: Detector):
    """The same crowd, but one event in fifty is a cart: people came to buy."""
    usual = people(count=120, start=0, within=1800)
    sale = people(count=500, start=1800, within=290, events_each=4, buying=0.02)
    assert detector.states(records_of(in_order(usual, sale)), rules=[SITE_SURGE]) == []


def test_a_shop_that_opens_has_no_baseline_to_judge_by(detector: Detector):
    """Without ten minutes of the time before, nobody can tell what is usual."""
    visitors = people(count=1000, start=0, within=500, events_each=4, buying=0)
    assert detector.states(records_of(in_order(visitors)), rules=[SITE_SURGE]) == []


def test_one_flood_is_no_crowd(detector: Detector):
    """A single user, however loud, must not raise the alarm for the whole site."""
    usual = people(count=120, start=0, within=1800)
    flood = clicks("loud", count=6000, start=1800, within=290)
    assert detector.states(records_of(in_order(usual, flood)), rules=[SITE_SURGE]) == []


def test_an_attack_is_one_episode_that_opens_grows_and_closes(detector: Detector):
    """Ten minutes of flood are one incident; the same user an hour later is another."""
    states = detector.states(
        records_of(
            in_order(
                clicks("u1", count=2400, start=0, within=600),
                clicks("u1", count=240, start=4200, within=60),
                people(count=10, start=0, within=6000),
            )
        ),
        rules=[REQUEST_FLOOD],
    )
    first, second = (
        [state for state in states if state.opened_at == start]
        for start in sorted({state.opened_at for state in states})
    )
    assert [state.state for state in first] == ["open", *["extended"] * 9, "closed"]
    assert next(state.state for state in second) == "open"
    assert len({state.incident_id for state in first}) == 1
    assert first[-1].last_seen_at == after(599.999)
    assert first[-1].value == 240
    assert 1 <= len(first[-1].sample_event_ids) <= 20


def test_the_id_is_the_one_the_domain_derives(detector: Detector):
    """Whoever reads an incident can compute its id again."""
    (state, *_) = detector.states(records_of(clicks("u1", count=130, start=0, within=50)), rules=[REQUEST_FLOOD])
    assert state.incident_id == incident_id(
        rule="request_flood", rule_version=1, subject="u1", opened_at=state.opened_at
    )
    assert state.sentence == "User u1 sent 130 events within 60 seconds; 120 is the limit for one shopper."
