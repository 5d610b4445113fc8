"""Made-up traffic: attackers break their own rule, people break none, and the truth adds up."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commerce.event import Event, parse, to_line
from commerce.rejects import REJECT_REASONS, Reject
from simulator.generate import records
from simulator.hygiene import POISON
from simulator.options import Options, read_attacks
from simulator.record import Fault
from simulator.truth import Truth

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000


class Traffic:
    """One run, taken apart the way a reader of the stream would: by parsing."""

    def __init__(self, options: Options) -> None:
        generated = records(options)
        self.records = list(generated)
        self.truth: Truth = generated.truth()
        parsed = [parse(record.data, arrived_at=ARRIVED_AT) for record in self.records]
        self.rejects = Counter(outcome.reason for outcome in parsed if isinstance(outcome, Reject))
        self.arrivals = [outcome for outcome in parsed if isinstance(outcome, Event)]
        self.events = {event.event_id: event for event in self.arrivals}
        self.by_user: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(self.events.values(), key=lambda event: event.event_time):
            self.by_user[event.user_id].append(event)
        self.attackers = {attack.subject for attack in self.truth.attacks} - {"site"}

    def of_surges(self) -> set[str]:
        return {user for user in self.by_user if user.startswith("8")}

    def people(self) -> Iterable[list[Event]]:
        return [acts for user, acts in self.by_user.items() if user not in self.attackers | self.of_surges()]


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return Traffic(Options())


some_options = st.builds(
    Options,
    seed=st.integers(0, 10_000),
    hours=st.floats(4, 9),
    events=st.integers(1, 2_000),
    attacks=st.fixed_dictionaries(
        {
            "request_flood": st.integers(0, 2),
            "catalogue_scraping": st.integers(0, 2),
            "site_surge": st.integers(0, 1),
        }
    ),
    sale=st.booleans(),
    late=st.floats(0, 0.1),
    duplicates=st.floats(0, 0.1),
    poison=st.floats(0, 0.05),
)
# No shrinking: an example takes a second, and its options already say how to see it again.
few = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


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


def test_the_same_options_give_the_same_bytes():
    """A finding on generated traffic must be reproducible from its seed alone."""
    options = Options(seed=5, events=2_000)
    assert [r.data for r in records(options)] == [r.data for r in records(options)]
    assert [r.data for r in records(options)] != [r.data for r in records(Options(seed=6, events=2_000))]


def test_people_do_the_same_with_and_without_attacks():
    """Two runs that differ in the attacks alone must be comparable."""
    quiet = {"attacks": {}, "late": 0.0, "duplicates": 0.0, "poison": 0.0, "sale": False, "events": 2_000}
    loud = quiet | {"attacks": {"request_flood": 1}}
    without = {r.data for r in records(Options(**quiet))}
    assert without < {r.data for r in records(Options(**loud))}


@few
@given(some_options)
def test_the_truth_adds_up_with_the_records(options: Options):
    """The truth is the yardstick of the platform's own account, so it must be exact."""
    run = Traffic(options)
    truth = run.truth
    assert truth.complete
    assert truth.produced == len(run.records) == truth.events + truth.duplicates + sum(truth.poison.values())
    assert truth.events == len(run.events)
    assert truth.duplicates == len(run.arrivals) - len(run.events)
    assert truth.poison == run.rejects
    assert truth.people == len(list(run.people()))
    assert truth.sessions == len({event.user_session for acts in run.people() for event in acts})


def test_only_late_events_arrive_out_of_order_and_they_by_minutes(traffic: Traffic):
    """What the truth calls late is what a watermark of minutes would call late; a re-send comes within seconds."""
    newest, late, seen = traffic.arrivals[0].event_time, 0, set()
    for event in traffic.arrivals:
        behind = newest - event.event_time
        if event.event_id in seen:
            assert behind <= timedelta(seconds=2)
        elif behind > timedelta(0):
            assert behind >= timedelta(minutes=9)
            late += 1
        seen.add(event.event_id)
        newest = max(newest, event.event_time)
    assert late == traffic.truth.late > 0


def test_the_defaults_make_a_busy_six_hours(traffic: Traffic):
    """At least 30,000 events, two attacks of each family, and some of every kind of dirt."""
    truth = traffic.truth
    assert truth.events >= 30_000
    assert Counter(attack.family for attack in truth.attacks) == {
        "request_flood": 2,
        "catalogue_scraping": 2,
        "site_surge": 2,
    }
    assert truth.duplicates > 0
    assert set(truth.poison) == set(POISON)
    times = [event.event_time for event in traffic.events.values()]
    assert max(times) - min(times) < timedelta(hours=6)


def test_the_number_of_events_is_roughly_as_asked():
    """`--events` is what people make, sale and attacks aside."""
    run = records(Options(events=20_000, attacks={}, sale=False))
    list(run)
    assert run.truth().events == pytest.approx(20_000, rel=0.05)


def test_every_event_is_written_as_the_domain_writes_it(traffic: Traffic):
    """Lines are put together by hand for speed; they must not drift from the wire format."""
    for record in traffic.records:
        event = parse(record.data, arrived_at=ARRIVED_AT)
        if isinstance(event, Event):
            assert to_line(event) == record.data
            assert (record.partition_key, record.event_time) == (event.user_id, event.event_time)
        else:
            assert record.event_time is None
        assert b"\n" not in record.data


def test_poison_is_named_by_a_reason_of_the_domain():
    """The truth must speak the language of the rejects."""
    assert set(POISON) <= set(REJECT_REASONS)


def test_people_look_like_people(traffic: Traffic):
    """Nobody who is no attacker may come near a threshold, or a false alarm could not be told from a true one."""
    for acts in traffic.people():
        assert most_within(acts, timedelta(seconds=60)) < 60
        assert most_products_within(acts, timedelta(minutes=10)) < 80


@few
@given(st.integers(0, 10_000))
def test_attackers_of_one_user_keep_the_bounds_of_their_family(seed: int):
    """A flood is no scraping and a scraping no flood: one attack, one incident."""
    attacks = {"request_flood": 2, "catalogue_scraping": 2}
    run = Traffic(Options(seed=seed, events=50, attacks=attacks, sale=False))
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
            assert min(counts) >= 240
            assert products < 50
        else:
            minutes_long = (attack.end_ms - attack.start_ms) / MINUTE_MS
            assert 25 <= attack.events / minutes_long <= 80
            assert products >= 250
            assert per_minute <= 100


@pytest.mark.parametrize("events", [3_000, 80_000])
def test_a_surge_stands_out_and_nobody_in_it_buys(events: int):
    """Several thousand additional views within five minutes by hundreds of users, whatever the size of the shop."""
    run = Traffic(Options(events=events, attacks={"site_surge": 1}, sale=False))
    (surge,) = run.truth.attacks
    acts = [act for user in run.of_surges() for act in run.by_user[user]]
    assert len(acts) == surge.events >= 5_000
    assert surge.end_ms - surge.start_ms <= 5 * MINUTE_MS
    assert len(run.of_surges()) >= 500
    assert max(len(run.by_user[user]) for user in run.of_surges()) <= 5
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


@few
@given(st.integers(0, 10_000), st.integers(0, 3), st.booleans(), st.floats(6, 12))
def test_crowds_keep_their_distance_and_the_end_is_quiet(seed: int, surges: int, sale: bool, hours: float):
    """A rule that compares with the half hour before must find an ordinary one, and every episode must close."""
    options = Options(seed=seed, hours=hours, events=10, attacks={"site_surge": surges, "request_flood": 1}, sale=sale)
    truth = records(options).truth()
    crowds = [(a.start_ms, a.end_ms) for a in truth.attacks if a.family == "site_surge"]
    crowds = sorted([*crowds, truth.sale] if truth.sale else crowds)
    for (_, end), (start, _) in pairwise([(0, options.start_ms), *crowds]):
        assert start - end >= 45 * MINUTE_MS
    assert all(attack.end_ms <= options.end_ms - 25 * MINUTE_MS for attack in truth.attacks)
    assert all(attack.start_ms >= options.start_ms + 10 * MINUTE_MS for attack in truth.attacks)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 0},
        {"events": 0},
        {"late": 0.5},
        {"poison": -0.1},
        {"attacks": {"card_testing": 1}},
        {"start": datetime(2025, 1, 1)},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object]):
    """One clear line beats traffic that nobody asked for."""
    with pytest.raises(Fault):
        Options(**wrong)  # type: ignore[arg-type]


def test_too_little_time_for_the_crowds_is_refused_with_the_time_it_takes():
    """The message must say what would work, and that must work."""
    with pytest.raises(Fault, match=r"--hours 3\.4"):
        records(Options(hours=1))
    records(Options(hours=3.4))


@pytest.mark.parametrize("text", ["request_flood", "request_flood=-1", "request_flood=x", "=2=3"])
def test_a_list_of_attacks_that_cannot_be_read_is_refused(text: str):
    """Half a list silently understood would plant other attacks than were asked for."""
    with pytest.raises(Fault, match="family=count"):
        read_attacks(text)
