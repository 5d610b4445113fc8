"""The quick detector measures what each rule says, over the panes it says, and forgets what is past."""

from dataclasses import replace

import pytest
from watched import event, every, found, seconds, subjects

from commerce.incident import incident_id
from commerce.rules import (
    ACCOUNT_TAKEOVER,
    ADDRESS_FLOOD,
    CARD_TESTING,
    CART_HOARDING,
    CATALOGUE_SCRAPING,
    CHANGED_HABITS,
    MANY_ACCOUNTS,
    METRONOME,
    PRICE_WATCHING,
    REQUEST_FLOOD,
    SESSION_FLOOD,
    SITE_SURGE,
    SLOW_SCRAPING,
)
from commerce.rules.rule import Condition
from evaluation.observed import Observed, instant_of
from evaluation.quick_detector import QuickDetector


def test_a_user_is_flagged_from_the_threshold_on_and_not_below():
    """120 events within six panes are a flood; 119 are not, nor are 127 within seven, which other rules look at."""
    episodes = found(
        every(0.5, count=120, user="flood"),
        every(0.5, count=119, user="busy"),
        every(0.55, count=200, user="patient"),
        rules=[REQUEST_FLOOD, CATALOGUE_SCRAPING],
    )
    assert subjects(episodes) == {("request_flood", "flood")}


def test_an_incident_opens_at_the_end_of_the_pane_and_has_the_id_of_the_domain():
    """The id follows from rule, version, subject and opening, and so is the detector's own."""
    (episode,) = found(every(0.25, count=121, user="flood"), rules=[REQUEST_FLOOD])
    assert seconds(episode) == 29.999
    assert episode.last_seen_at == instant_of(1_748_779_200_000 + 39_999)
    assert episode.value == 121
    assert episode.incident_id == incident_id(
        rule="request_flood", rule_version=REQUEST_FLOOD.version, subject="flood", opened_at=episode.opened_at
    )


def test_an_event_sent_again_counts_once():
    """A producer that repeats its batches must not turn a shopper into a flood."""
    shopper = every(0.5, count=100, user="shopper")
    assert found(shopper, shopper, rules=[REQUEST_FLOOD]) == []


def test_an_episode_goes_on_through_a_pause_of_ten_minutes_and_not_longer():
    """A crossing within the gap extends; one after it opens anew."""
    flood = every(0.25, count=120, user="flood")
    within = found(flood, every(0.25, count=120, user="flood", start=600), rules=[REQUEST_FLOOD])
    beyond = found(flood, every(0.25, count=120, user="flood", start=680), rules=[REQUEST_FLOOD])
    assert [len(within), len(beyond)] == [1, 2]


def test_what_comes_too_late_is_not_judged():
    """Its pane is over; the real detector leaves it out as well."""
    detector = QuickDetector([REQUEST_FLOOD])
    crossings = [*detector.take(event("u", 100))]
    for late in every(0.1, count=200, user="flood", start=60):
        crossings += detector.take(late)
    crossings += detector.finish()
    assert crossings == []
    assert detector.outcomes.late == 200


def test_order_within_the_allowed_lateness_changes_nothing():
    """The same input, the same incidents."""
    events = every(0.5, count=400, user="flood")
    shuffled = [each for start in range(0, 400, 18) for each in reversed(events[start : start + 18])]
    detector = QuickDetector([REQUEST_FLOOD])
    crossings = [each for one in shuffled for each in detector.take(one)] + [*detector.finish()]
    in_order = QuickDetector([REQUEST_FLOOD])
    assert crossings == [each for one in events for each in in_order.take(one)] + [*in_order.finish()]
    assert crossings


def test_events_of_known_networks_are_counted_and_not_judged():
    """A search engine that is welcome raises no alarm, whatever it does."""
    crawler = every(0.1, count=300, user="crawler", ip_address="192.0.2.7")
    assert found(crawler, rules=[REQUEST_FLOOD], networks=["192.0.2.0/24"]) == []
    assert subjects(found(crawler, rules=[REQUEST_FLOOD], networks=["192.0.3.0/24"])) == {("request_flood", "crawler")}
    detector = QuickDetector([REQUEST_FLOOD], known_networks=["192.0.2.0/24"])
    for each in [*crawler, event("mapped", 31, ip_address="::ffff:192.0.2.8"), event("odd", 31, ip_address="...")]:
        detector.take(each)
    assert (detector.outcomes.known, detector.outcomes.on_time) == (301, 1)


def test_a_scraper_is_flagged_and_a_shopper_who_carts_is_not():
    """Different products count over the whole window, none twice, and a cart is a shopper's."""
    episodes = found(
        every(3.9, count=150, user="scraper", products=150),
        every(3.9, count=149, user="thorough", products=149),
        every(1.9, count=300, user="refresher", products=20),
        [*every(3.9, count=150, user="shopper", products=150), event("shopper", 1, kind="cart")],
        rules=[CATALOGUE_SCRAPING],
    )
    assert subjects(episodes) == {("catalogue_scraping", "scraper")}


def test_the_lines_of_an_order_count_once():
    """A wholesaler who buys 150 things at once did one thing; whoever pays 150 times did 150."""
    order = [event("wholesaler", 60, kind="purchase", product=str(i), price=1.0) for i in range(150)]
    tills = [event(f"till{i}", 60, kind="purchase", price=1.0, ip_address="192.0.2.1") for i in range(150)]
    payer = [event("payer", i / 5, kind="purchase", price=1.0) for i in range(150)]
    rules = [REQUEST_FLOOD, ADDRESS_FLOOD, CARD_TESTING]
    assert subjects(found(order, payer, rules=rules)) == {("request_flood", "payer"), ("card_testing", "payer")}
    assert found(order, tills, rules=[replace(ADDRESS_FLOOD, conditions=ADDRESS_FLOOD.conditions[:1])])


def test_what_is_put_into_the_cart_at_once_counts_once():
    """Whoever orders what they had before did one thing, and is no flood either."""
    refill = [event("regular", 60, kind="cart", product=str(i)) for i in range(150)]
    paid = [event("regular", 60, kind="purchase", product=str(i)) for i in range(150)]
    assert found(refill, rules=[REQUEST_FLOOD, CART_HOARDING]) == []
    both = replace(REQUEST_FLOOD, conditions=(replace(REQUEST_FLOOD.leading, at_least=2),))
    assert [episode.value for episode in found(refill, paid, rules=[both])] == [2]


def test_small_purchases_are_those_up_to_the_price():
    """Ten of five are tested cards; ten of a cent more, nine, or ten that cost nothing, are not."""
    episodes = found(
        every(20, count=10, user="thief", kind="purchase", price=5.0),
        every(20, count=10, user="dear", kind="purchase", price=5.01),
        every(20, count=9, user="few", kind="purchase", price=1.0),
        every(20, count=30, user="free", kind="purchase", price=0.0),
        every(20, count=30, user="looking", price=1.0),
        rules=[CARD_TESTING],
    )
    assert subjects(episodes) == {("card_testing", "thief")}


def test_carts_without_a_purchase_are_hoarded():
    """Who pays is a customer."""
    hoarder = every(30, count=40, user="hoarder", kind="cart")
    customer = every(30, count=60, user="customer", kind="cart")
    paid = [event("customer", 15 + i * 300, kind="purchase") for i in range(7)]
    assert subjects(found(hoarder, customer, paid, rules=[CART_HOARDING])) == {("cart_hoarding", "hoarder")}


def test_a_session_under_several_users_is_flooded_and_one_user_alone_is_not():
    """A flood of one user is told of the user; events without a session belong to none."""
    shared = [event(f"u{i % 2}", i * 0.4, user_session="shared") for i in range(130)]
    own = [event("u9", i * 0.4, user_session="own") for i in range(130)]
    none = [event(f"n{i % 2}", i * 0.4) for i in range(130)]
    assert subjects(found(shared, own, none, rules=[SESSION_FLOOD])) == {("session_flood", "shared")}


def behind(address, *, users, agents, count, step, carts=0):
    return [
        event(
            f"{address}-{i % users}",
            i * step,
            kind="cart" if i < carts else "view",
            ip_address=address,
            user_agent=f"agent {i % agents}",
        )
        for i in range(count)
    ]


def test_an_address_is_flooded_unless_people_share_it():
    """What tells an office apart: more kinds of browsers, or somebody who buys."""
    episodes = found(
        behind("bot", users=4, agents=2, count=140, step=0.2),
        behind("office", users=4, agents=3, count=140, step=0.2),
        behind("buying", users=4, agents=2, count=140, step=0.2, carts=2),
        behind("one", users=1, agents=1, count=140, step=0.2),
        rules=[ADDRESS_FLOOD],
    )
    assert subjects(episodes) == {("address_flood", "bot")}


def test_who_names_no_program_is_not_taken_for_one():
    """A shop need not send user agents: an office of which none is known is still an office."""
    nameless = [each._replace(user_agent=None) for each in behind("office", users=40, agents=1, count=200, step=0.2)]
    patient = [each._replace(user_agent=None) for each in behind("home", users=40, agents=1, count=200, step=10)]
    assert found(nameless, patient, rules=[ADDRESS_FLOOD, MANY_ACCOUNTS]) == []


def test_a_share_at_the_limit_is_not_below_it():
    """Shares have four places: 1 of 201 is 0.0050."""
    at_limit = behind("a", users=40, agents=1, count=201, step=10, carts=1)
    below = behind("b", users=40, agents=1, count=250, step=8, carts=1)
    # All conditions hold only once the last events are in: a share of one cart shrinks.
    assert subjects(found(at_limit, below, rules=[MANY_ACCOUNTS])) == {("many_accounts", "b")}


def test_an_account_is_taken_over_where_users_and_addresses_are_many():
    """Four of both within the hour; a family shares a session from one home."""
    taken = [event(f"u{i}", i * 300, user_session="taken", ip_address=f"192.0.2.{i}") for i in range(4)]
    family = [event(f"f{i}", i * 300, user_session="family", ip_address="192.0.2.99") for i in range(5)]
    slow = [event(f"s{i}", i * 1300, user_session="slow", ip_address=f"198.51.100.{i}") for i in range(6)]
    assert subjects(found(taken, family, slow, rules=[ACCOUNT_TAKEOVER])) == {("account_takeover", "taken")}


def test_a_habit_is_what_was_before_the_window():
    """Only where address and program are both new, and there is a habit to differ from, did habits change."""
    week, hour = 7 * 86_400, 3_600

    def buys(
        user: str, *, start: float, purchases: int = 6, address: str = "new", agent: str = "new"
    ) -> list[Observed]:
        tell = {"ip_address": address, "user_agent": agent, "kind": "purchase"}
        return every(60, count=purchases, user=user, start=start, products=99, **tell)

    def looks(user: str, *, count: int = 10) -> list[Observed]:
        return every(30, count=count, user=user, products=99, ip_address="old", user_agent="old")

    episodes = found(
        *(looks("robbed"), buys("robbed", start=hour)),
        *(looks("careful"), buys("careful", start=hour, purchases=5)),
        *(looks("mobile"), buys("mobile", start=hour, agent="old")),
        *(looks("updated"), buys("updated", start=hour, address="old")),
        *(looks("unknown", count=9), buys("unknown", start=hour)),
        *(looks("buyer"), buys("buyer", start=hour / 2, purchases=3, agent="old"), buys("buyer", start=2 * hour)),
        *(looks("forgotten"), buys("forgotten", start=week + hour)),
        # The shop did not tell addresses and programs before: of what is not known, nothing is new.
        *(every(30, count=10, user="told", products=99), buys("told", start=hour)),
        rules=[CHANGED_HABITS],
    )
    assert subjects(episodes) == {("changed_habits", "robbed")}


def test_a_metronome_is_told_by_its_pauses_across_panes():
    """25 events a minute and a half apart have 24 pauses of one length; people's vary."""
    clock = every(90, count=25, user="clock")
    short = every(90, count=24, user="short")
    person = [event("person", 90 * i + (i * 37) % 71) for i in range(40)]
    double = [
        each
        for i in range(30)
        for each in (event("double", i * 90, name=f"a{i}"), event("double", i * 90, name=f"b{i}"))
    ]
    absent = every(901, count=60, user="absent")
    episodes = found(clock, short, person, double, absent, rules=[METRONOME])
    assert subjects(episodes) == {("metronome", "clock"), ("metronome", "double")}


def test_patience_is_measured_in_panes_with_events():
    """An hour of activity is twelve panes of five minutes, wherever in six hours they lie."""
    patient = every(12, count=301, user="patient", products=301)
    hasty = every(10, count=301, user="hasty", products=301)
    watcher = every(60, count=81, user="watcher", products=12)
    wide = every(60, count=81, user="wide", products=13)
    episodes = found(patient, hasty, watcher, wide, rules=[SLOW_SCRAPING, PRICE_WATCHING])
    assert subjects(episodes) == {("slow_scraping", "patient"), ("price_watching", "watcher")}


def crowd(name, *, start, within, count, buying=0.0, users=400):
    every_nth = round(1 / buying) if buying else count + 1
    return [
        event(
            f"{name}{i % users}",
            start + i * within / count,
            kind="cart" if i % every_nth == every_nth - 1 else "view",
            name=f"{name}-{i}",
        )
        for i in range(count)
    ]


def test_a_crowd_that_does_not_buy_is_a_surge_and_a_sale_is_none():
    """Half an hour of shoppers, then thousands who only look, or some of whom buy."""
    usual = crowd("p", start=0, within=1800, count=600, buying=0.1)
    bots = crowd("b", start=1800, within=290, count=2000)
    sale = crowd("s", start=1800, within=290, count=2000, buying=0.02)
    assert subjects(found(usual, bots, rules=[SITE_SURGE])) == {("site_surge", "site")}
    assert found(usual, sale, rules=[SITE_SURGE]) == []
    assert found(bots, rules=[SITE_SURGE]) == [], "nothing to compare with"
    asleep = crowd("p", start=-4 * 3600, within=600, count=200, buying=0.1)
    assert subjects(found(asleep, bots, rules=[SITE_SURGE])) == {("site_surge", "site")}, "hours of nobody are usual"


def test_a_few_who_fill_carts_without_end_hide_no_surge():
    """Of one user five acts of buying count in the window, however they are spread: two with forty do not hide 2000."""
    usual = crowd("p", start=0, within=1800, count=600, buying=0.1)
    bots = crowd("b", start=1800, within=290, count=2000)
    hoards = [every(7, count=40, user=f"h{i}", start=1800 + i, kind="cart") for i in range(2)]
    surge = {("site_surge", "site")}
    assert subjects(found(usual, bots, *hoards, rules=[SITE_SURGE])) == surge
    before = [every(7, count=250, user=f"h{i}", start=i, kind="cart") for i in range(6)]
    assert subjects(found(usual, bots, *before, rules=[SITE_SURGE])) == surge, "nor those who did so all the time"
    some = [every(60, count=5, user=f"s{i}", start=1800 + i, kind="cart") for i in range(12)]
    assert found(usual, bots, *some, rules=[SITE_SURGE]) == [], "a dozen customers are a crowd that buys"


def test_one_flood_is_no_crowd():
    """A single user counts for at most five events in ten seconds."""
    usual = crowd("p", start=0, within=1800, count=600)
    assert found(usual, every(0.05, count=6000, user="loud", start=1800), rules=[SITE_SURGE]) == []


def test_state_has_a_bound():
    """Who has not come for the longest window is forgotten, and so are their panes."""
    detector = QuickDetector([REQUEST_FLOOD, SLOW_SCRAPING])
    for i in range(20_000):
        detector.take(event(f"u{i}", i * 10))
    trails = [len(track._trails) for panes in detector._panes for track in panes._tracks.values()]
    assert all(size <= 2 * SLOW_SCRAPING.window_seconds // 10 + 60 for size in trails)


@pytest.mark.parametrize("at_least", [1, 5])
def test_a_changed_threshold_is_the_one_that_counts(at_least):
    """Rules are data: whoever changes a threshold changes the detector."""
    rule = replace(REQUEST_FLOOD, conditions=(Condition(feature="events", at_least=at_least, meaning=""),))
    assert len(found(every(1, count=4, user="u"), rules=[rule])) == (at_least == 1)
