"""Made-up traffic: the same on every run, people break no rule, and the truth adds up."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import MINUTE_MS, Traffic, few, most_products_within, most_within

from commerce.event import Event, parse, to_line
from commerce.rejects import REJECT_REASONS, Reject
from simulator.generate import records
from simulator.hygiene import POISON
from simulator.options import CALENDAR, FAMILIES, Options, read_attacks
from simulator.record import Fault

some_options = st.builds(
    Options,
    seed=st.integers(0, 10_000),
    hours=st.floats(4, 9),
    events=st.integers(1, 2_000),
    attacks=st.fixed_dictionaries(
        {family: st.integers(0, 1) for family in FAMILIES if family != "slow_scraping"}
        | {"request_flood": st.integers(0, 2)}
    ),
    held_out=st.booleans(),
    look_alikes=st.fixed_dictionaries(
        {name: st.integers(0, 1) for name in ("power_shopper", "family", "assistive_technology", "allowed_crawler")}
    ),
    sale=st.booleans(),
    late=st.floats(0, 0.1),
    duplicates=st.floats(0, 0.1),
    poison=st.floats(0, 0.05),
)


def test_the_same_options_give_the_same_bytes():
    """A finding on generated traffic must be reproducible from its seed alone."""
    options = Options(seed=5, events=2_000)
    assert [r.data for r in records(options)] == [r.data for r in records(options)]
    other = zip(records(options), records(Options(seed=6, events=2_000)), strict=False)
    assert any(one.data != another.data for one, another in other)


def test_people_do_the_same_with_and_without_attacks():
    """Two runs that differ in the attacks alone must be comparable."""
    quiet = {"attacks": {}, "late": 0.0, "duplicates": 0.0, "poison": 0.0, "sale": False, "events": 2_000}
    loud = quiet | {"attacks": {"request_flood": 1}}
    without = {r.data for r in records(Options(**quiet))}
    assert without < {r.data for r in records(Options(**loud))}


def test_an_event_id_names_one_event_whatever_the_other_options():
    """A lake that holds both runs drops an id that it has seen: other attacks move the sale, and number attackers."""
    tidy = {"events": 2_000, "late": 0.0, "duplicates": 0.0, "poison": 0.0}
    few_attacks = {"request_flood": 1, "card_testing": 1, "site_surge": 1}
    one = lines_by_id(Options(**tidy, attacks=few_attacks, look_alikes={"new_phone": 1}))
    look_alikes = {"power_shopper": 1, "new_phone": 1}
    other = lines_by_id(Options(**tidy, attacks=few_attacks | {"session_flood": 1}, look_alikes=look_alikes))
    both = one.keys() & other.keys()
    assert len(both) > 1_000
    assert all(one[event_id] == other[event_id] for event_id in both)


def lines_by_id(options: Options) -> dict[str, bytes]:
    return {json.loads(record.data)["event_id"]: record.data for record in records(options)}


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
    assert truth.people == len(run.people)
    assert truth.sessions == len({(event.user_id, event.user_session) for acts in run.people for event in acts})


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
    """At least 30,000 events, two attacks of each of three families, and some of every kind of dirt."""
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
    for record, event in zip(traffic.records, traffic.outcomes, strict=True):
        if isinstance(event, Event):
            assert to_line(event) == record.data
            assert (record.partition_key, record.event_time) == (event.user_id, event.event_time)
        else:
            assert record.event_time is None
        assert b"\n" not in record.data


def test_poison_is_named_by_a_reason_of_the_domain():
    """The truth must speak the language of the rejects."""
    assert set(POISON) <= set(REJECT_REASONS)


@pytest.mark.parametrize("day", ["2024-02-29", "2024-12-31"])
@pytest.mark.parametrize("reason", POISON)
def test_poison_is_rejected_for_the_reason_that_the_truth_gives(day: str, reason: str):
    """On the one day, too, that most years do not have."""
    (record, *_) = records(Options(start=datetime.fromisoformat(f"{day}T00:00:00+00:00"), attacks={}, sale=False))
    rejected = parse(POISON[reason](record.data), arrived_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert isinstance(rejected, Reject)
    assert rejected.reason == reason


def test_people_look_like_people(traffic: Traffic):
    """Nobody who is no attacker may come near a threshold, or a false alarm could not be told from a true one."""
    assert len(traffic.people) == traffic.truth.people > 1_000
    for acts in traffic.people:
        assert most_within(acts, timedelta(seconds=60)) < 60
        assert most_products_within(acts, timedelta(minutes=10)) < 80


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
        {"hours": 1e-7},
        {"start": CALENDAR[0] - timedelta(seconds=1)},
        {"start": CALENDAR[1] - timedelta(hours=6, seconds=-1)},
        {"start": datetime.min.replace(tzinfo=UTC)},
        {"start": datetime.max.replace(tzinfo=UTC)},
        {"events": 0},
        {"late": 0.5},
        {"poison": -0.1},
        {"attacks": {"card_guessing": 1}},
        {"attacks": {"card_testing": -1}},
        {"look_alikes": {"ghosts": 1}},
        {"look_alikes": {"office": -1}},
        {"start": datetime(2025, 1, 1)},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object]):
    """One clear line beats traffic that nobody asked for."""
    with pytest.raises(Fault):
        Options(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [CALENDAR[0], CALENDAR[1] - timedelta(hours=6)])
def test_all_of_the_calendar_is_on_the_wire(start: datetime):
    """A truth about events that are all rejected would be complete, and wrong."""
    made = records(Options(start=start, events=500, attacks={}, sale=False, poison=0.0))
    after = CALENDAR[1] + timedelta(days=1)
    outcomes = [parse(record.data, arrived_at=after) for record in made]
    assert {type(outcome) for outcome in outcomes} == {Event}
    assert len(outcomes) == made.truth().produced > 0


@pytest.mark.parametrize("hours", [1 / 60, 24 * 366])
def test_the_shortest_and_the_longest_stretch_can_be_made(hours: float):
    """A minute may hold nobody, and is no error."""
    made = records(Options(hours=hours, events=10, attacks={}, sale=False))
    list(made)
    assert made.truth().complete


def test_nobody_comes_any_more_once_the_run_is_to_stop():
    """With very many people the time before the first record that counts takes for ever."""
    stop = threading.Event()
    made = records(Options(events=2_000, attacks={}, sale=False), stop=stop)
    taken = iter(made)
    next(taken)
    stop.set()
    assert len(list(taken)) < 100
    assert not made.truth().complete


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
