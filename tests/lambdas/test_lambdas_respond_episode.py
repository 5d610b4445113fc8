"""One row and one alert an episode, whatever the order and however often it is delivered."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import OPENED_AT, Calls, Shop, incident

from commerce.fields import INCIDENT_FIELDS
from commerce.incident import Incident, State, to_line
from lambdas.respond.episode import merged
from lambdas.respond.row import OWN_ATTRIBUTES


def lives(**changes: Any) -> tuple[Incident, Incident, Incident]:
    """Return an episode that opens, is extended and closes."""
    opened = incident(**changes)
    later = {"last_seen_at": OPENED_AT + timedelta(minutes=3), "value": 400.0, "evidence": '{"events": 400}'}
    extended = incident(state="extended", **changes | later)
    closed = incident(state="closed", **changes | later)
    return opened, extended, closed


def test_an_episode_becomes_one_row_that_shows_its_latest_state(shop: Shop) -> None:
    """The row is what the shop looks at: how it stands, how bad it got, what it was judged by."""
    opened, extended, closed = lives()
    for state in (opened, extended, closed):
        assert shop.deliver([to_line(state)]) == []
    (row,) = shop.rows().values()
    assert row.incident == closed
    assert row.alerted_at == shop.clock.now()


def test_a_row_holds_the_documented_attributes_and_no_others(shop: Shop) -> None:
    """Queries and the dashboard are written against the documentation."""
    shop.deliver([to_line(incident())])
    (item,) = shop.items()
    absent = {"alert_claim", "alert_claimed_until", "allowed_because", "allowed_until"}
    fields = {field.name for field in INCIDENT_FIELDS} - {"record_type"}
    assert set(item) == (fields | set(OWN_ATTRIBUTES)) - absent
    assert Decimal(item["value"]["N"]) == 130
    assert item["expires_at"] == {"N": str(int((shop.clock.now() + timedelta(days=365)).timestamp()))}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_episode_never_goes_backwards(shop: Shop, order: tuple[int, ...]) -> None:
    """Shards are read side by side: a late 'open' must not reopen what is closed."""
    states = lives()
    for position in order:
        shop.deliver([to_line(states[position])])
    (row,) = shop.rows().values()
    assert row.incident == states[2]
    assert shop.alerts() == [row.incident.incident_id]


def test_states_in_one_batch_cost_one_write(shop: Shop) -> None:
    """A batch may hold minutes of an episode; the table is billed by the write."""
    calls = Calls()
    shop.deliver([b"\n".join(map(to_line, lives()[:2])), to_line(lives()[2])], calls=calls)
    assert calls.made == ["put_item", "publish", "put_item"]


def test_a_state_that_brings_nothing_new_costs_one_refused_write(shop: Shop) -> None:
    """Delivery at least once is the rule, not the exception."""
    state = to_line(incident(subjects=("u2", "u1")))
    shop.deliver([state])
    calls, before = Calls(), shop.items()
    shop.deliver([state], calls=calls)
    assert calls.made == ["put_item"]
    assert shop.items() == before


def test_everybody_who_took_part_in_any_state_stands_in_the_row(shop: Shop) -> None:
    """An attack of 500 addresses is one incident, whose states may name some of them each; a row has its bound."""
    crowd = [f"u{number:04d}" for number in range(600)]
    for first, state in ((300, "extended"), (0, "open"), (100, "closed")):
        shop.deliver([to_line(incident(state=state, subjects=tuple(crowd[first : first + 300])))])
    (row,) = shop.rows().values()
    assert row.incident.subjects == tuple(crowd[:500])


def test_a_row_of_an_earlier_version_names_nobody_else(shop: Shop) -> None:
    """It was written before there was such a field."""
    shop.deliver([to_line(incident())])
    key = {"incident_id": {"S": incident().incident_id}}
    shop.dynamodb.update_item(TableName=shop.settings.incidents_table, Key=key, UpdateExpression="REMOVE subjects")
    shop.deliver([to_line(incident(state="closed", subjects=("u2", "u1")))])
    (row,) = shop.rows().values()
    assert row.incident.subjects == ("u1", "u2")


STATES = st.builds(
    lambda who, minute, state, value: incident(
        subject=f"user{who}",
        state=state,
        last_seen_at=OPENED_AT + timedelta(minutes=minute),
        value=float(value),
        evidence=f'{{"events": {value}}}',
        subjects=tuple(f"u{minute + each}" for each in range(value - 120)),
    ),
    who=st.integers(1, 3),
    minute=st.integers(0, 4),
    state=st.sampled_from([state.value for state in State]),
    value=st.integers(120, 125),
)


@given(STATES.map(lambda s: incident(state=s.state, value=s.value, last_seen_at=s.last_seen_at)), STATES, STATES)
def test_merging_is_the_same_in_every_order_and_repetition(one: Incident, two: Incident, three: Incident) -> None:
    """Commutative, associative, idempotent: that is all that order and repetition can try."""
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(merged(one, two), two) == merged(one, two)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STATES, min_size=1, max_size=8), st.data())
def test_any_order_repetition_and_split_gives_the_same_rows_and_one_alert_each(
    aws: None, states: list[Incident], data: st.DataObject
) -> None:
    """The stream, the detector's restarts and Lambda's retries choose the order; the shop must not notice."""
    shop = Shop()
    for batch in _batches(states, data):
        assert shop.deliver(map(to_line, batch)) == []
    rows = shop.rows()
    assert sorted(shop.alerts()) == sorted(rows)
    in_order = Shop()
    in_order.deliver(map(to_line, states))
    assert {name: row.incident for name, row in rows.items()} == {
        name: row.incident for name, row in in_order.rows().items()
    }
    for name, row in rows.items():
        said = [state for state in states if state.incident_id == name]
        assert row.incident.value == max(state.value for state in said)
        assert row.incident.last_seen_at == max(state.last_seen_at for state in said)
        assert row.incident.state == max((state.state for state in said), key=list(State).index)
        latest = {s.evidence for s in said if s.last_seen_at == row.incident.last_seen_at}
        assert row.incident.evidence in latest


def _batches(states: list[Incident], data: st.DataObject) -> list[list[Incident]]:
    repeated = states + data.draw(st.lists(st.sampled_from(states), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled)), max_size=3)) | {0, len(shuffled)})
    return [list(shuffled[start:end]) for start, end in itertools.pairwise(cuts)]
