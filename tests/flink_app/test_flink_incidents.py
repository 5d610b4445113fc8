"""What an incident says beside its being one: how severe it has become, and who is welcome."""

from collections import Counter
from dataclasses import replace

import pytest
from detecting import SETTINGS, Detector, records_of
from scenarios import evenly, of_many, unevenly
from shoppers import in_order, people

from commerce.incident import Incident
from commerce.rules import RULES
from commerce.rules.rule import Severity, SubjectType
from commerce.rules.session_flood import SESSION_FLOOD

Found = tuple[list[Incident], Counter[str]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Return what is found in a session that grows loud, and in the visits of three crawlers, two of them welcome."""
    grows_loud = (
        of_many(evenly(150, 60), users=2, session="s1"),
        of_many(evenly(900, 70, start=60), users=3, session="s1"),
        of_many(evenly(800, 300, start=130), users=2, session="s1"),
    )
    crawlers = [
        of_many(unevenly(300, 59), users=5, address=address, agent="crawler")
        for address in ("192.0.2.7", "192.0.2.255", "192.0.3.0")
    ]
    events = in_order(*grows_loud, *crawlers, people(count=5, start=0, within=300))
    settings = replace(SETTINGS, known_networks=("192.0.2.0/24", "198.51.100.0/31"))
    rules = [SESSION_FLOOD, *(rule for rule in RULES if rule.subject_type is SubjectType.ADDRESS)]
    detector = Detector(tmp_path_factory.mktemp("incidents"))
    return detector.states_and_outcomes(records_of(events), rules=rules, settings=settings)


def test_severity_rises_with_the_behaviour_and_never_falls(found: Found):
    """A flood of five times the threshold is worse than one that just crosses it; the episode stays one."""
    of_session = [state for state in found[0] if state.rule == SESSION_FLOOD.name]
    states = sorted(of_session, key=lambda state: (state.last_seen_at, state.state != "open"))
    severities = [state.severity for state in states]
    assert severities[0] == Severity.HIGH
    assert set(severities[-2:]) == {Severity.CRITICAL}
    assert severities == sorted(severities, reverse=True)  # "high" comes behind "critical" in the alphabet
    assert len({state.incident_id for state in states}) == 1


def test_a_welcome_automaton_is_counted_and_not_judged(found: Found):
    """A search engine walks through the catalogue; whoever does the same from next door is flagged."""
    states, outcomes = found
    assert {state.subject for state in states} == {"192.0.3.0", "s1"}
    assert outcomes["known"] == 600
