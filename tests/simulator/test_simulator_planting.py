"""When attacks and look-alikes take place, what is refused, and that only those under way are held in memory."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import MINUTE_MS, Traffic, few

from simulator.addresses import CRAWLER_NETWORK, HOMES, RENTED, carrier_address, home_address, rented_address
from simulator.catalogue import Product
from simulator.daybook import Daybook
from simulator.generate import records
from simulator.look_alikes import KINDS
from simulator.options import FAMILIES, LOOK_ALIKES, Options, read_look_alikes
from simulator.party import Call, Party
from simulator.planting import Part, in_order
from simulator.record import Fault
from simulator.visit import BROWSERS, CRAWLER, Shopper, Visit

CARRIERS = ip_network("100.64.0.0/10")
DAY_MS = 24 * 60 * MINUTE_MS
YEAR_HOURS = 8_760


@pytest.mark.parametrize(
    ("hours", "wanted", "enough"),
    [
        (3, {"attacks": {"slow_scraping": 1}}, 3.1),
        (0.6, {"attacks": {"request_flood": 1}}, 0.7),
        (2, {"attacks": {"metronome": 1}}, 2.1),
        (2.5, {"attacks": {"price_watching": 1}}, 2.6),
        (0.6, {"look_alikes": {"power_shopper": 1}}, 0.7),
        (2.5, {"look_alikes": {"allowed_crawler": 1}}, 2.6),
        (2, {"look_alikes": {"flash_sale_crowd": 2}}, 2.8),
    ],
)
def test_too_little_time_is_refused_with_the_time_it_takes(hours: float, wanted: dict, enough: float):
    """The message must say what would work, and that must work."""
    rest = {"events": 10, "attacks": {}, "sale": False} | wanted
    with pytest.raises(Fault, match=rf"--hours {hours:g} is too short for .*--hours {enough}$") as refused:
        records(Options(hours=hours, **rest))
    assert "\n" not in str(refused.value)
    records(Options(hours=enough, **rest))


@pytest.mark.parametrize(
    ("name", "start_hour", "line"),
    [
        ("night_workers", 8, "hold no 120 minutes between 00:00 and 05:00 for night_workers"),
        ("office", 18, "hold no 180 minutes between 08:00 and 17:00 for office"),
    ],
)
def test_whoever_keeps_hours_needs_them_in_the_run(name: str, start_hour: int, line: str):
    """Night workers at noon would measure nothing; in any 24 hours there are some of theirs."""
    start = datetime(2025, 3, 3, start_hour, tzinfo=UTC)
    rest = {"events": 10, "attacks": {}, "sale": False, "look_alikes": {name: 1}}
    with pytest.raises(Fault, match=line):
        records(Options(start=start, **rest))
    for minutes in range(0, 24 * 60, 150):
        records(Options(start=start + timedelta(minutes=minutes), hours=24, **rest))


@few
@given(st.integers(0, 10_000), st.integers(0, 23))
def test_whoever_keeps_hours_comes_within_them(seed: int, start_hour: int):
    """Only what a visitor still does at the end of a visit may go on a little longer."""
    start = datetime(2025, 3, 3, start_hour, tzinfo=UTC)
    wanted = {"night_workers": 2, "office": 2}
    truth = records(Options(seed=seed, start=start, hours=72, events=10, attacks={}, look_alikes=wanted)).truth()
    assert Counter(other.name for other in truth.look_alikes) == wanted
    for other in truth.look_alikes:
        when = KINDS[other.name].when
        assert when is not None and when.hours is not None
        opens, closes = (hour * 60 * MINUTE_MS for hour in when.hours)
        assert opens <= other.start_ms % DAY_MS
        assert (other.end_ms - 30 * MINUTE_MS) % DAY_MS <= closes


def test_a_year_has_attacks_all_over():
    """A trend over months must not be an accident of where the attacks were put."""
    attacks = {"request_flood": 40, "site_surge": 20, "cart_hoarding": 40}
    options = Options(hours=YEAR_HOURS, events=10, attacks=attacks)
    planted = records(options).truth().attacks
    for family in attacks:
        starts = [attack.start_ms for attack in planted if attack.family == family]
        quarters = Counter((start - options.start_ms) * 4 // (options.end_ms - options.start_ms) for start in starts)
        assert min(quarters[quarter] for quarter in range(4)) >= 2


def test_the_hundredth_attack_shares_no_user_with_look_alikes():
    """A person with a surge's id would be flagged with good reason, and count as wronged."""
    attacks, look_alikes = {"request_flood": 100, "site_surge": 1}, {"family": 1}
    truth = records(Options(hours=24, events=10, attacks=attacks, look_alikes=look_alikes, sale=False)).truth()
    assert not truth.attacks[-1].users & truth.look_alikes[0].users


def test_the_crawler_comes_back_every_day():
    """Who is allowed is allowed for as long as it comes; each day's walk is a visit of its own."""
    run = Traffic(Options(hours=72, events=10, attacks={}, look_alikes={"allowed_crawler": 1}, sale=False, late=0.0))
    (crawler,) = run.truth.look_alikes
    (user,) = crawler.users
    acts = run.by_user[user]
    began = {act.user_session: act.event_time for act in reversed(acts)}
    assert len(crawler.sessions) == crawler.visits == len(began) == 3
    assert len({start.replace(second=0, microsecond=0).time() for start in began.values()}) <= 2
    assert len({start.date() for start in began.values()}) == 3
    assert len({act.product_id for act in acts}) == 3_000
    assert {act.user_agent for act in acts} == {CRAWLER}
    assert all(ip_address(address) in ip_network(CRAWLER_NETWORK) for address in crawler.addresses)
    assert len(crawler.addresses) > 1


def test_a_party_is_made_when_its_time_has_come():
    """A year of attacks would not fit into memory at once."""
    made: list[int] = []

    def part(start_ms: int) -> Part:
        def make() -> Party:
            made.append(start_ms)
            call = Call(Visit(Shopper("1", "", ""), "s", "k", ""))
            for at in (start_ms, start_ms + 15):
                call.act(at, "view", Product("1", 100, ""))
            return Party((call,))

        return Part(start_ms=start_ms, make=make, people=False)

    acts = in_order([part(30), part(0), part(10)], Daybook())
    seen = [(act.at_ms, list(made)) for act in acts]
    assert seen == [
        (0, [0]),
        (10, [0, 10]),
        (15, [0, 10]),
        (25, [0, 10]),
        (30, [0, 10, 30]),
        (45, [0, 10, 30]),
    ]


def test_one_in_ten_shares_a_carriers_address_with_dozens_and_many_browsers(traffic: Traffic):
    """An address is no person: a rule that takes it for one would block a part of a town."""
    behind: dict[str, set[str]] = defaultdict(set)
    browsers: dict[str, set[str]] = defaultdict(set)
    for acts in traffic.people:
        address = acts[0].ip_address or ""
        behind[address].add(acts[0].user_id)
        browsers[address].add(acts[0].user_agent or "")
        assert {act.ip_address for act in acts} == {address}
    shared = {address: users for address, users in behind.items() if ip_address(address) in CARRIERS}
    assert sum(map(len, shared.values())) / len(traffic.people) == pytest.approx(0.1, abs=0.02)
    assert min(map(len, shared.values())) >= 24
    assert all(browsers[address] == set(BROWSERS) for address in shared)
    own = [users for address, users in behind.items() if address not in shared]
    assert sum(len(users) == 1 for users in own) / len(own) > 0.9


def test_no_two_of_a_kind_are_given_one_address_before_all_are_taken():
    """An address of one's own is one's own."""
    homes = {home_address(500_000_000 + number) for number in range(HOMES)}
    rented = {rented_address(number) for number in range(RENTED)}
    assert (len(homes), len(rented)) == (HOMES, RENTED)
    assert not homes & rented
    assert all(address.startswith(("198.18.", "198.19.")) for address in (*homes, *rented))
    assert ip_address(carrier_address(10_000)) in CARRIERS


@pytest.mark.parametrize("text", ["office", "office=-1", "office=x"])
def test_a_list_of_look_alikes_that_cannot_be_read_is_refused(text: str):
    """Half a list silently understood would be another crowd than was asked for."""
    with pytest.raises(Fault, match="name=count, as in office=1"):
        read_look_alikes(text)


def test_names_that_nobody_knows_are_answered_with_those_that_are_known():
    """A misspelt family must not come to nothing."""
    with pytest.raises(Fault, match=rf"'ghost' is no family of attacks: {', '.join(FAMILIES)}"):
        Options(attacks={"ghost": 1})
    with pytest.raises(Fault, match=rf"'ghost' is no look-alike: {', '.join(LOOK_ALIKES)}"):
        Options(look_alikes={"ghost": 1})
