"""An episode keeps the highest severity it had, and becoming critical is told once more; signals never are."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import OPENED_AT, Calls, Crash, Shop, crash, incident

from commerce.incident import Incident, State, to_line
from commerce.rules import RULES_BY_NAME
from commerce.rules.rule import Severity
from lambdas.respond.mail import RISEN


def state(minutes: int = 0, severity: str = "high", **changes: Any) -> Incident:
    seen = {"last_seen_at": OPENED_AT + timedelta(minutes=minutes), "state": "extended" if minutes else "open"}
    return incident(**seen | {"severity": severity} | changes)


def subjects(shop: Shop) -> list[str]:
    return [mail[2] for mail in shop.mails()]


def test_an_episode_that_becomes_critical_is_told_once_more(shop: Shop) -> None:
    """Somebody who let it run at first has to hear that it is another matter now."""
    for each in (state(), state(1), state(2, "critical"), state(3, "critical"), state(13, "critical", state="closed")):
        assert shop.deliver([to_line(each)]) == []
    opening, rise = shop.mails()
    assert "high - Too many events" in opening[2]
    assert f"{RISEN}critical - Too many events" in rise[2]
    assert "it has risen from high to critical" in " ".join(rise[1].split())
    assert rise[3]["severity"]["Value"] == "critical"
    (row,) = shop.rows().values()
    assert (row.incident.severity, row.alerted_severity) == ("critical", "critical")


def test_a_container_that_told_of_the_opening_tells_of_the_rise_too(shop: Shop) -> None:
    """What it remembers of an alert is that one, not the episode: it lives for hours, and most rises come within."""
    container = shop.container()
    for each in (state(), state(1), state(2, "critical"), state(3, "critical")):
        assert shop.deliver([to_line(each)], container=container) == []
    assert [mail[3]["severity"]["Value"] for mail in shop.mails()] == ["high", "critical"]


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
def test_ten_minutes_at_one_level_are_one_alert(shop: Shop, severity: str) -> None:
    """However often it is extended."""
    for minute in range(11):
        shop.deliver([to_line(state(minute, severity))])
    assert len(shop.mails()) == 1
    assert RISEN not in subjects(shop)[0]


@pytest.mark.parametrize("severities", [("low", "medium"), ("medium", "high"), ("low", "medium", "high")])
def test_a_rise_below_critical_is_stored_and_not_told(shop: Shop, severities: tuple[str, ...]) -> None:
    """Two mails for one attack have to be worth it."""
    for minute, severity in enumerate(severities):
        shop.deliver([to_line(state(minute, severity))])
    assert len(shop.mails()) == 1
    (row,) = shop.rows().values()
    assert row.incident.severity == severities[-1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_highest_severity_is_kept_in_whatever_order_the_states_arrive(shop: Shop, order: tuple[int, ...]) -> None:
    """The latest state may be a milder one."""
    states = (state(0, "medium"), state(1, "critical"), state(2, "low"))
    for position in order:
        shop.deliver([to_line(states[position])])
    (row,) = shop.rows().values()
    assert (row.incident.severity, row.incident.last_seen_at) == ("critical", states[2].last_seen_at)
    assert len(shop.mails()) == (1 if order[0] == 1 else 2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            lambda minute, severity, where: state(minute, severity, state=where),
            st.integers(0, 3),
            st.sampled_from([severity.value for severity in Severity]),
            st.sampled_from([where.value for where in State]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.data(),
)
def test_critical_is_told_exactly_once_and_nothing_else_twice(
    aws: None, states: list[Incident], data: st.DataObject
) -> None:
    """Any order, repetition and split into batches."""
    shop = Shop()
    left = list(data.draw(st.permutations(states + data.draw(st.lists(st.sampled_from(states), max_size=3)))))
    while left:
        size = data.draw(st.integers(1, len(left)))
        assert shop.deliver(map(to_line, left[:size])) == []
        left = left[size:]
    told = [mail[3]["severity"]["Value"] for mail in shop.mails()]
    highest = max((each.severity for each in states), key=list(Severity).index)
    (row,) = shop.rows().values()
    assert row.incident.severity == highest
    assert told.count("critical") == (highest == "critical")
    assert len(told) <= 2
    assert [RISEN in subject for subject in subjects(shop)] == [False, True][: len(told)]


# The calls that a rise takes in a new container: refused, stored, published, marked.
RISE = range(4)


@pytest.mark.parametrize(("moment", "number"), [*(("before", n) for n in RISE), *(("after", n) for n in RISE[1:])])
def test_a_crash_while_a_rise_is_told_ends_in_one_mail_of_it(shop: Shop, number: int, moment: str) -> None:
    """But for the window between publishing and marking, which no order of calls can close."""
    shop.deliver([to_line(state())])
    with pytest.raises(Crash):
        shop.deliver([to_line(state(1, "critical"))], calls=Calls(**{moment: {number: crash}}))
    assert shop.deliver([to_line(state(1, "critical"))]) == []
    doubled = (moment, number) in (("after", 2), ("before", 3))
    assert sum(RISEN in subject for subject in subjects(shop)) == (2 if doubled else 1)
    (row,) = shop.rows().values()
    assert (row.alerted_severity, row.alert_claim) == ("critical", None)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_rise_stored_while_the_first_alert_is_sent_is_told_all_the_same(shop: Shop, number: int, moment: str) -> None:
    """Two shards may carry one episode at the same moment; the rise runs here in the middle of the opening."""
    failed: list[str] = []

    def rise() -> None:
        failed.extend(shop.deliver([to_line(state(1, "critical"))], milliseconds_left=14_100))

    failed += shop.deliver([to_line(state())], calls=Calls(**{moment: {number: rise}}))
    shop.clock.wait(60)
    assert shop.deliver([to_line(state()), to_line(state(1, "critical"))]) == []
    told = [mail[3]["severity"]["Value"] for mail in shop.mails()]
    assert told in (["high", "critical"], ["critical"])


def test_a_row_of_an_earlier_version_was_told_at_the_severity_it_has(shop: Shop) -> None:
    """The first deployment with rises must not tell of every old incident again."""
    shop.deliver([to_line(state(0, "critical"))])
    shop.dynamodb.update_item(
        TableName=shop.settings.incidents_table,
        Key={"incident_id": {"S": incident().incident_id}},
        UpdateExpression="REMOVE alerted_severity",
    )
    shop.deliver([to_line(state(1, "critical"))])
    assert len(shop.mails()) == 1


def test_a_rise_of_an_allowed_subject_is_not_told_until_it_is_allowed_no_more(shop: Shop) -> None:
    """The allow list wins over every severity."""
    shop.deliver([to_line(state())])
    entry = shop.allow()
    shop.deliver([to_line(state(1, "critical"))])
    assert len(shop.mails()) == 1
    shop.clock.time = entry.expires_at
    shop.deliver([to_line(state(2, "critical"))])
    assert [RISEN in subject for subject in subjects(shop)] == [False, True]


def test_a_signal_about_a_person_is_stored_and_never_told(shop: Shop) -> None:
    """It is there to protect, not to accuse: nobody is mailed that a customer shops at night."""
    container = shop.container()
    signal = replace(RULES_BY_NAME["request_flood"], name="night_shopping", marks_automaton=False)
    object.__setattr__(container.topic, "rules", {**container.topic.rules, signal.name: signal})
    for minute, severity in enumerate(("low", "critical")):
        assert shop.deliver([to_line(state(minute, severity, rule="night_shopping"))], container=container) == []
    assert shop.mails() == []
    (row,) = shop.rows().values()
    assert (row.incident.severity, row.alert_claim, row.alerted_at) == ("critical", None, None)


def test_an_incident_of_a_rule_nobody_knows_is_stored_and_not_told(shop: Shop) -> None:
    """It may be a signal about a person; a version that knows better tells of it when it is seen again."""
    assert shop.deliver([to_line(state(rule="a_rule_of_tomorrow"))]) == []
    assert (len(shop.rows()), shop.mails()) == (1, [])
    container = shop.container()
    known = replace(RULES_BY_NAME["request_flood"], name="a_rule_of_tomorrow")
    object.__setattr__(container.topic, "rules", {**container.topic.rules, known.name: known})
    shop.deliver([to_line(state(1, rule="a_rule_of_tomorrow"))], container=container)
    assert len(shop.mails()) == 1
