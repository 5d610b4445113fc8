"""Incidents are held against the truth: what is found, how soon, and whom the false ones wrong."""

import pytest
from watched import START_MS, PlantedAttack, event, incident

from commerce.rules import ACCOUNT_TAKEOVER, METRONOME, REQUEST_FLOOD, SITE_SURGE
from evaluation.baseline import ADDRESS_RATE, BaselineDay, at_limit, at_most_wronging
from evaluation.census import Census
from evaluation.episodes import Crossing
from evaluation.excess import ExcessWatch
from evaluation.judging import judge

SHARED = "198.51.100.1"


@pytest.fixture
def census() -> Census:
    """Two people behind one address, one of whom comes again hours later, and a bot."""
    noted = Census()
    for each in (
        event("ann", 10, user_session="a1", ip_address=SHARED),
        event("ann", 200, user_session="a1", ip_address=SHARED),
        event("ben", 20, user_session="b1", ip_address=SHARED),
        event("ann", 9000, user_session="a2", ip_address=SHARED),
        event("cat", 30),
        event("bot", 0, user_session="x1", ip_address="192.0.2.1"),
    ):
        noted.take(each)
    return noted


ATTACK = PlantedAttack(users=frozenset({"bot"}), sessions=frozenset({"x1"}), addresses=frozenset({"192.0.2.1"}))


def judged(census, *episodes, attacks=(ATTACK,), excess=None):
    return judge(episodes, attacks=attacks, people=census.people(attacks), first_excess_ms=excess)


def test_an_incident_about_any_party_of_the_attack_is_right(census):
    """Who is found by address is found."""
    for subject_type, subject in (("user", "bot"), ("session", "x1"), ("address", "192.0.2.1")):
        day = judged(census, incident(subject, opened=30, subject_type=subject_type))
        assert (day.findings[0].incidents, day.false, day.wronged) == (1, (), frozenset())


def test_the_same_name_of_another_type_is_not_the_same(census):
    """A user may be called like another's session."""
    assert judged(census, incident("bot", opened=30, subject_type="session")).findings[0].found is False


def test_the_site_is_found_by_what_watches_the_site(census):
    """A surge has thousands of parties, and one subject."""
    surge = PlantedAttack(family="site_surge", subject_type="site", subject="site", users=frozenset({"bot"}))
    day = judged(census, incident("site", opened=30, subject_type="site"), attacks=(surge,))
    assert day.findings[0].found


@pytest.mark.parametrize(
    ("opened", "last", "right"),
    [(0, 0, True), (-1, 0, False), (359, 360, True), (359, 361, False), (361, 361, False), (30, 9000, False)],
)
def test_an_incident_that_does_not_keep_to_the_attack_s_time_is_false(census, opened, last, right):
    """It may not open before the attack, and its last window must reach back to it."""
    day = judged(census, incident("bot", opened=opened, last=last))
    assert (day.findings[0].found, not day.false) == (right, right)


def test_an_incident_that_goes_on_after_the_attack_wrongs_who_is_there(census):
    """One about the site that covers the day is not right because it also covers a surge."""
    surge = PlantedAttack(family="site_surge", subject_type="site", subject="site", sessions=frozenset({"x1"}))
    endless = incident("site", opened=30, last=9500, subject_type="site")
    assert judged(census, endless, attacks=(surge,)).wronged == {"a1", "a2", "b1", "cat"}


def test_time_to_detect_runs_to_the_first_incident(census):
    """From the attack's first event, and from its first excess."""
    day = judged(census, incident("bot", opened=90), incident("x1", opened=30, subject_type="session"),
                 excess={0: START_MS + 25_000})  # fmt: skip
    finding = day.findings[0]
    assert (finding.incidents, finding.seconds_to_detect, finding.seconds_from_excess) == (2, 30.0, 5.0)
    assert day.right == {"request_flood": 2}


def test_people_behind_a_false_incident_are_wronged_if_they_were_there(census):
    """A user's visit, all visits of an address, everybody for the site; not those of another hour."""
    assert judged(census, incident("ann", opened=60)).wronged == {"a1"}
    assert judged(census, incident(SHARED, opened=60, subject_type="address")).wronged == {"a1", "b1"}
    assert judged(census, incident("b1", opened=60, subject_type="session")).wronged == {"b1"}
    site = incident("site", opened=60, subject_type="site")
    assert judged(census, site).wronged == {"a1", "b1", "cat"}


def test_a_user_whose_session_was_taken_over_is_still_a_customer(census):
    """Their own visits are people's."""
    takeover = PlantedAttack(users=frozenset(), sessions=frozenset({"x1"}))
    assert census.people((takeover,)).sessions.keys() == {"a1", "a2", "b1", "cat"}


def test_a_held_out_variant_counts_under_a_name_of_its_own(census):
    """What was never looked at while tuning must not hide among what was."""
    variant = PlantedAttack(variant="patient", held_out=True, users=frozenset({"bot"}))
    assert judged(census, attacks=(variant,)).findings[0].name == "request_flood:patient"


def test_the_first_excess_is_the_event_that_reaches_the_threshold():
    """No detector that keeps to the threshold can be earlier."""
    attacks = (
        ATTACK,
        PlantedAttack(family="account_takeover", subject_type="session", subject="s", sessions=frozenset({"s"})),
        PlantedAttack(family="metronome", users=frozenset({"clock"}), end_ms=START_MS + 9_000_000),
        PlantedAttack(family="site_surge", users=frozenset(f"c{i}" for i in range(2000))),
    )
    rules = {rule.name: rule for rule in (REQUEST_FLOOD, ACCOUNT_TAKEOVER, METRONOME, SITE_SURGE)}
    watch = ExcessWatch(attacks, rules)
    events = [event("bot", i / 2 + 100) for i in range(130)]
    events += [event(f"u{i}", 10 * i, user_session="s") for i in range(6)]
    events += [event("clock", 90 * i) for i in range(40)]
    events += [event(f"c{i}", i / 10) for i in range(2000)]
    for each in sorted(events):
        watch.take(each)
    assert {place: (at - START_MS) / 1000 for place, at in watch.first_ms.items()} == {
        0: 100 + 119 / 2,
        1: 30.0,
        2: 24 * 90.0,
        3: 99.9,
    }


def test_an_attack_that_keeps_below_the_threshold_has_no_excess():
    """A minute holds at most 119 of it."""
    watch = ExcessWatch((ATTACK,), {"request_flood": REQUEST_FLOOD})
    for i in range(1000):
        watch.take(event("bot", i * 60 / 119))
    assert watch.first_ms == {}


def crossing(subject, at, value):
    return Crossing(ADDRESS_RATE, subject, START_MS + round(at * 1000), value)


def test_the_baseline_is_raised_until_it_wrongs_no_more_than_ours(census):
    """With a limit of 100 it flags an office; beyond the office's count it finds the attack later."""
    crossings = (
        crossing(SHARED, 60, 100), crossing("192.0.2.1", 60, 120), crossing(SHARED, 70, 150),
        crossing("192.0.2.1", 70, 180),
    )  # fmt: skip
    days = [BaselineDay(crossings=crossings, attacks=(ATTACK,), people=census.people((ATTACK,)))]
    usual, raised = at_limit(days, 100), at_most_wronging(days, 0)
    assert (usual.wronged, usual.days[0].findings[0].seconds_to_detect) == (2, 60.0)
    assert (raised.limit, raised.wronged, raised.days[0].findings[0].seconds_to_detect) == (151, 0, 70.0)
    assert at_most_wronging(days, 2).limit == 100


def test_a_baseline_that_only_wrongs_is_raised_until_it_finds_nothing(census):
    """Where people send more than bots there is no good limit."""
    days = [
        BaselineDay(
            crossings=(crossing("192.0.2.1", 60, 100), crossing(SHARED, 60, 500)),
            attacks=(ATTACK,),
            people=census.people((ATTACK,)),
        )
    ]
    raised = at_most_wronging(days, 0)
    assert (raised.limit, raised.days[0].findings[0].found) == (501, False)
