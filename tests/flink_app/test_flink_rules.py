"""Each rule fires on what it is for, keeps quiet just below, and on what only looks alike."""

from collections.abc import Sequence

import pytest
from detecting import Detector, records_of
from shoppers import after, clicks, event, in_order, later, people

from commerce.event import Event
from commerce.incident import MAX_SUBJECTS, Incident, incident_id
from commerce.rules import CATALOGUE_SCRAPING, REQUEST_FLOOD, SITE_SURGE

SHOPPER = clicks("shopper", count=100, start=0, within=59)
FLOODS = (
    clicks("flood", count=120, start=0, within=59),
    clicks("busy", count=119, start=0, within=59),
    clicks("patient", count=200, start=0, within=120),
    # A producer has repeated a batch.
    SHOPPER,
    SHOPPER,
    clicks("long", count=2400, start=0, within=600),
    clicks("long", count=240, start=4200, within=60),
    people(count=10, start=0, within=6000),
)
SCRAPERS = (
    clicks("scraper", count=150, start=0, within=590, products=150),
    clicks("thorough", count=149, start=0, within=590, products=149),
    clicks("refresher", count=300, start=0, within=590, products=20),
    clicks("buyer", count=160, start=0, within=590, products=160),
    [event("buyer", 1, kind="cart")],
)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[Incident]:
    """Return what the rules about users say to all of this at once: a start of Flink takes longer than the work."""
    detector = Detector(tmp_path_factory.mktemp("rules"))
    return detector.states(records_of(in_order(*FLOODS, *SCRAPERS)), rules=[REQUEST_FLOOD, CATALOGUE_SCRAPING])


def flagged(states: Sequence[Incident], rule: str) -> set[str]:
    return {state.subject for state in states if (state.state, state.rule) == ("open", rule)}


def test_a_user_is_flagged_from_the_threshold_on_and_not_below(states):
    """120 events within 60 seconds are a flood; 119 are not, nor 120 spread over two minutes, nor 100 sent twice."""
    assert flagged(states, "request_flood") == {"flood", "long"}


def test_a_scraper_is_flagged_and_a_shopper_who_carts_is_not(states):
    """What tells them apart: different products, and nothing put into a cart."""
    assert flagged(states, "catalogue_scraping") == {"scraper"}


def test_an_attack_is_one_episode_that_opens_grows_and_closes(states):
    """Ten minutes of flood are one incident; the same user an hour later is another."""
    of_long = [state for state in states if (state.rule, state.subject) == ("request_flood", "long")]
    first, second = (
        [state for state in of_long if state.opened_at == start]
        for start in sorted({state.opened_at for state in of_long})
    )
    assert [state.state for state in first] == ["open", *["extended"] * 9, "closed"]
    assert next(state.state for state in second) == "open"
    assert len({state.incident_id for state in first}) == 1
    assert first[-1].last_seen_at == after(599.999)
    assert first[-1].value == 240
    assert 1 <= len(first[-1].sample_event_ids) <= 20


def test_the_id_is_the_one_the_domain_derives(states):
    """Whoever reads an incident can compute its id again."""
    state = next(state for state in states if state.subject == "flood")
    version = REQUEST_FLOOD.version
    assert state.incident_id == incident_id(
        rule="request_flood", rule_version=version, subject="flood", opened_at=state.opened_at
    )
    assert state.sentence == "User flood sent 120 events within 60 seconds; 120 is the limit for one shopper."


USUAL = people(count=120, start=0, within=1800)
VISITS: dict[str, Sequence[Event]] = {
    # The time before is too short to tell what is usual.
    "a shop that opens": people(count=600, start=0, within=300, events_each=4, buying=0),
    "a crowd that only looks": in_order(USUAL, people(count=500, start=1800, within=290, events_each=4, buying=0)),
    "a sale": in_order(USUAL, people(count=500, start=1800, within=290, events_each=4, buying=0.02)),
    "one flood": in_order(USUAL, clicks("loud", count=2400, start=1800, within=290)),
    # Hours in which nobody came are a time before, too: a bot may come at night.
    "a crowd at night": people(count=500, start=600, within=290, events_each=4, buying=0),
}
HOURS_APART = 3


def test_a_crowd_that_does_not_buy_is_a_surge_and_nothing_else_is(detector: Detector):
    """Neither one event in fifty being a cart, nor a single user however loud, nor a crowd without a time before."""
    shifted = [later(events, hours=HOURS_APART * place) for place, events in enumerate(VISITS.values())]
    states = detector.states(records_of(in_order(*shifted)), rules=[SITE_SURGE])
    names = list(VISITS)
    started = [names[int((state.opened_at - after(0)).total_seconds()) // (3600 * HOURS_APART)] for state in states]
    assert set(started) == {"a crowd that only looks", "a crowd at night"}
    assert [state.state for state in states].count("open") == 2
    assert {state.subject for state in states} == {"site"}
    told_of = [set(state.subjects) for state in states]
    assert all(30 <= len(users) <= MAX_SUBJECTS for users in told_of), "every state names those of its last pane"
    assert set().union(*told_of) <= {f"p{start}-{number}" for start in (600, 1800) for number in range(500)}
