"""Event time: no clock, no poison and no order of arrival changes what is found."""

import random
from datetime import UTC, datetime

from detecting import Detector, Record, records_of
from shoppers import clicks, event, in_order, people

from commerce.rules import REQUEST_FLOOD, RULES


def ids(states):
    return {state.incident_id for state in states}


def test_poison_and_a_timestamp_from_2099_do_not_blind_the_detector(detector: Detector):
    """One wrong clock that moved the watermark would make every event after it late."""
    traffic = records_of(
        in_order(clicks("flood", count=240, start=60, within=100), people(count=10, start=0, within=300))
    )
    future = records_of([event("p", 0, name="from-2099")])[0].data.replace(b"2025-06-01", b"2099-06-01")
    poison = [Record(future), Record(b"\xff\xfe"), Record(b'{"event_id":'), Record(b"")]
    states = detector.states([*poison, *traffic[:20], *poison, *traffic[20:]], rules=[REQUEST_FLOOD])
    assert {state.subject for state in states} == {"flood"}


def test_an_event_ahead_of_its_arrival_is_judged_at_its_arrival(detector: Detector):
    """A shop's clock may be an hour ahead; what others send meanwhile must not become late."""
    arrived_at = datetime(2025, 6, 1, 12, 0, 5, tzinfo=UTC)
    ahead = [Record(records_of([event("early", 3600)])[0].data, arrived_at)]
    flood = records_of(clicks("flood", count=150, start=6, within=40))
    states = detector.states([*ahead, *flood], rules=[REQUEST_FLOOD])
    assert {state.subject for state in states} == {"flood"}


def test_a_late_event_is_not_judged(detector: Detector):
    """What comes an hour late must not raise an alarm about the past; the lake still has it."""
    on_time = records_of(in_order(people(count=10, start=0, within=7200)))
    late = records_of(clicks("late", count=300, start=60, within=50))
    assert detector.states([*on_time, *late], rules=[REQUEST_FLOOD]) == []


def test_order_within_the_allowed_lateness_and_parallelism_change_nothing(detector: Detector, tmp_path):
    """Same input, same incidents: the ids are derived from event time alone."""
    usual = people(count=120, start=0, within=1800)
    attack = people(count=500, start=1800, within=290, events_each=4, buying=0)
    flood = clicks("flood", count=400, start=300, within=120)
    scraper = clicks("scraper", count=400, start=900, within=800, products=400)
    events = in_order(usual, attack, flood, scraper)
    dice = random.Random(7)
    shuffled = sorted(events, key=lambda each: each.event_time.timestamp() + dice.uniform(0, 9))
    first = detector.states(records_of(events), rules=RULES)
    (tmp_path / "again").mkdir()
    second = Detector(tmp_path / "again").states(records_of(shuffled), rules=RULES, parallelism=8)
    assert ids(first) == ids(second)
    found = {(state.rule, state.subject) for state in first}
    alone = {("request_flood", "flood"), ("catalogue_scraping", "scraper"), ("site_surge", "site")}
    # Who is made to act evenly is a metronome too.
    assert found == alone | {("metronome", "flood"), ("metronome", "scraper")}
