"""Event time: no clock, no poison and no order of arrival changes what is found."""

import random
from datetime import timedelta

import pytest
from detecting import Detector, Record, records_of
from shoppers import START, clicks, event, in_order, people

from commerce.event import Event
from commerce.incident import Incident
from commerce.rules import CARD_TESTING, REQUEST_FLOOD, RULES


def ids(states):
    return {state.incident_id for state in states}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[Incident]:
    """Return what is found in two hours with poison, wrong clocks and late events in them."""
    future = records_of([event("p", 0, name="from-2099")])[0].data.replace(b"2025-06-01", b"2099-06-01")
    poison = [Record(future), Record(b"\xff\xfe"), Record(b'{"event_id":'), Record(b"")]
    ahead = [Record(records_of([event("early", 3600)])[0].data, START + timedelta(seconds=5))]
    order = [event("till", 3600, kind="purchase", product=f"p{line}", price="1.00") for line in range(12)]
    ahead += [
        Record(record.data, START + timedelta(seconds=5, milliseconds=line))
        for line, record in enumerate(records_of([*order, *order]))
    ]
    traffic = records_of(
        in_order(clicks("flood", count=240, start=60, within=100), people(count=10, start=0, within=7200))
    )
    late = records_of(clicks("late", count=300, start=60, within=50))
    detector = Detector(tmp_path_factory.mktemp("time"))
    records = [*poison, *ahead, *traffic[:20], *poison, *traffic[20:], *late]
    return detector.states(records, rules=[REQUEST_FLOOD, CARD_TESTING])


def test_neither_poison_nor_a_clock_that_is_ahead_blinds_the_detector(states):
    """An event is judged at its arrival at the latest: one of 2099 would make every event after it late."""
    assert "flood" in {state.subject for state in states}


def test_an_order_is_one_act_whatever_the_clock_of_its_till(states):
    """Its lines arrive one after the other, and twice: a dozen small purchases would be a test of cards."""
    assert "till" not in {state.subject for state in states}


def test_a_late_event_is_not_judged(states):
    """What comes an hour late must not raise an alarm about the past; the lake still has it."""
    assert "late" not in {state.subject for state in states}


def test_order_within_the_allowed_lateness_and_parallelism_change_nothing(
    told: list[Incident], scenes: list[Event], detector: Detector
):
    """Same input, same incidents: the ids are derived from event time alone."""
    dice = random.Random(7)
    shuffled = sorted(scenes, key=lambda each: each.event_time.timestamp() + dice.uniform(0, 9))
    again = detector.states(records_of(shuffled), rules=RULES, parallelism=2)
    assert ids(again) == ids(state for state in told if state.opened_at >= START)
    assert {state.rule for state in again} == {rule.name for rule in RULES}
