"""Crashes, throttling, poison and rivals: nothing is lost, nothing is doubled, nobody else is held up."""

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinesis_delivery import sequence_number
from shop import OPENED_AT, SHOPPER, Calls, Crash, Shop, crash, incident

from commerce.incident import Tally, to_line
from lambdas.clients import BRISK
from lambdas.kinesis import KinesisRecord
from lambdas.respond.responder import MARK_PAUSES_SECONDS
from lambdas.respond.row import CLAIM, PUBLISHING, alerted
from lambdas.respond.settings import RETRIES

# The calls that a new episode takes: store, publish, mark.
NEW_EPISODE = range(3)
# The mark and its repetitions, as long as it fails.
ALL_MARKS = range(2, 3 + len(MARK_PAUSES_SECONDS))
TALLY = Tally(tally_id="t1", period_start=OPENED_AT, outcome="late", reason="", records=3)


def throttle() -> None:
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": f"about {SHOPPER}"}}, "AnyOperation")


@pytest.mark.parametrize("number", NEW_EPISODE)
@pytest.mark.parametrize("fault", [crash, throttle])
def test_a_fault_before_a_call_ends_in_one_row_and_one_alert(shop: Shop, number: int, fault: Any) -> None:
    """Before the mark the alert is out already: a crash there is the window that no order of calls can close."""
    _deliver_until_answered(shop, Calls(before={number: fault}))
    (row,) = shop.rows().values()
    assert row.alerted_at is not None
    assert len(shop.alerts()) == (2 if number == 2 and fault is crash else 1)


@pytest.mark.parametrize("number", NEW_EPISODE)
@pytest.mark.parametrize("fault", [crash, throttle])
def test_a_fault_after_a_call_ends_in_one_row_and_one_alert(shop: Shop, number: int, fault: Any) -> None:
    """Published, but not yet marked, is the same window; everywhere else the alert is sent once."""
    _deliver_until_answered(shop, Calls(after={number: fault}))
    (row,) = shop.rows().values()
    assert row.alerted_at is not None
    assert len(shop.alerts()) == (2 if number == 1 else 1)


def test_a_container_whose_mark_is_refused_does_not_send_the_alert_again(shop: Shop) -> None:
    """It knows that it was sent; only one that is started in between cannot."""
    container = shop.container(Calls(before=dict.fromkeys(ALL_MARKS, throttle)))
    batch = [to_line(incident())]
    assert shop.deliver(batch, container=container) != []
    assert shop.deliver(batch, container=container) == []
    assert len(shop.alerts()) == 1
    (row,) = shop.rows().values()
    assert row.alerted_at is not None


def test_a_mark_that_is_refused_is_tried_as_long_as_the_table_may_be_throttled(shop: Shop) -> None:
    """The record may come to another container next, and that one would send the alert again."""
    batch = [to_line(incident())]
    assert shop.deliver(batch, calls=Calls(before=dict.fromkeys(ALL_MARKS[:-1], throttle))) == []
    (row,) = shop.rows().values()
    assert row.alerted_at is not None
    assert (shop.deliver(batch), len(shop.alerts())) == ([], 1)


def test_a_mark_is_not_waited_for_beyond_the_invocation(shop: Shop) -> None:
    """What the function could not report in the end would fail as a whole."""
    ends_at = shop.clock.now() + timedelta(seconds=14.5)
    container = shop.container(Calls(before=dict.fromkeys(range(1, 10), throttle)))
    object.__setattr__(container.topic, "client", _SlowTopic(shop, ends_at))
    seconds_left = until(ends_at, shop)
    batch = [KinesisRecord(sequence_number="1", data=to_line(incident()))]
    assert list(container.answer(batch, seconds_left=seconds_left)) == ["1"]
    assert seconds_left() >= 5


def test_a_container_whose_alert_is_refused_does_not_take_it_for_sent(shop: Shop) -> None:
    """The same container gets the batch again: what it remembers must be what is out."""
    container = shop.container(Calls(before={1: throttle}))
    batch = [to_line(incident())]
    assert shop.deliver(batch, container=container) != []
    assert shop.alerts() == []
    assert shop.deliver(batch, container=container) == []
    assert len(shop.alerts()) == 1


@pytest.mark.parametrize("refused", ["publish", "put_item"])
def test_an_outage_of_minutes_is_over_before_the_tries_are(shop: Shop, refused: str) -> None:
    """What was given up somebody has to send again by hand; an outage comes when nobody looks."""
    calls, over = Calls(), shop.clock.now() + timedelta(minutes=5)

    def down() -> None:
        if calls.made[-1] == refused and shop.clock.now() < over:
            throttle()

    calls.before.update(dict.fromkeys(range(1_000), down))
    batch = [KinesisRecord(sequence_number="1", data=to_line(incident()))]
    for _ in range(1 + RETRIES):
        ends_at = shop.clock.now() + timedelta(seconds=30)
        if not shop.container(calls).answer(batch, seconds_left=until(ends_at, shop)):
            break
    (row,) = shop.rows().values()
    assert (shop.alerts(), row.alerted_severity) == ([incident().incident_id], "high")


def test_a_record_that_nobody_can_read_is_refused_at_once(shop: Shop) -> None:
    """It can only be given up, and what stands behind it in the shard waits for that."""
    assert shop.deliver([b"poison"]) == [sequence_number(0)]
    assert shop.clock.waits == []


def _deliver_until_answered(shop: Shop, calls: Calls) -> None:
    batch = [to_line(incident())]
    for attempt in range(5):
        try:
            if not shop.deliver(batch, calls=calls if attempt == 0 else None):
                return
        except Crash:
            continue
    raise AssertionError("the batch was never answered")


def test_a_crash_leaves_the_alert_to_the_next_delivery_after_the_claim(shop: Shop) -> None:
    """The claim of a container that is gone must lapse, and the wait for it must be a short one."""
    with pytest.raises(Crash):
        shop.deliver([to_line(incident())], calls=Calls(before={1: crash}))
    assert shop.alerts() == []
    assert shop.deliver([to_line(incident())]) == []
    assert len(shop.alerts()) == 1
    assert timedelta(seconds=sum(shop.clock.waits)) < CLAIM + timedelta(seconds=1)


def test_a_wait_for_anothers_alert_forgets_no_failure_before_it(shop: Shop) -> None:
    """What could not be stored is delivered again only if it is reported."""
    held, poor = incident(), incident(subject="user2")
    with pytest.raises(Crash):
        shop.deliver([to_line(held)], calls=Calls(before={1: crash}))
    failed = shop.deliver([to_line(held), to_line(poor)], calls=Calls(before={1: throttle}))
    assert (failed, shop.alerts()) == ([sequence_number(1)], [held.incident_id])


def test_a_pending_alert_is_sent_with_whatever_state_comes_next(shop: Shop) -> None:
    """Should the first record end in the failure queue, the episode's next record makes good."""
    with pytest.raises(Crash):
        shop.deliver([to_line(incident())], calls=Calls(before={1: crash}))
    shop.clock.wait(60)
    assert shop.deliver([to_line(incident(state="closed"))]) == []
    assert len(shop.alerts()) == 1


def test_a_claim_is_longer_than_publishing_may_take() -> None:
    """Time limits of the client and the length of a claim stand in two places."""
    config: Any = BRISK
    attempts = config.retries["total_max_attempts"]
    # The client waits for a second at most before it tries again for the first time.
    longest = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1)
    assert timedelta(seconds=longest) <= PUBLISHING < CLAIM


def test_an_alert_is_not_published_when_its_claim_might_lapse_meanwhile(shop: Shop) -> None:
    """The table took ten seconds to answer: a rival would send the alert while this one is still at it."""
    slow = Calls(after={0: lambda: shop.clock.wait(10)})
    batch = [to_line(incident())]
    assert shop.deliver(batch, calls=slow, milliseconds_left=14_100) == [sequence_number(0)]
    assert shop.alerts() == []
    assert shop.deliver(batch) == []
    assert len(shop.alerts()) == 1


def test_a_slow_allow_list_takes_nothing_off_the_claim(shop: Shop) -> None:
    """The claim begins when it is written, not when the list was asked for."""
    container = shop.container(reads=Calls(before={0: lambda: shop.clock.wait(12)}))
    assert shop.deliver([to_line(incident())], container=container, milliseconds_left=14_100) == []
    assert len(shop.alerts()) == 1


def test_an_alert_that_is_out_late_leaves_the_claim_of_another_alone(shop: Shop) -> None:
    """The other is sending what rose meanwhile: without its claim a third would send that too."""
    critical = [to_line(incident(state="extended", severity="critical", last_seen_at=OPENED_AT + timedelta(minutes=1)))]

    def rival() -> None:
        shop.clock.wait(CLAIM.total_seconds() + 1)
        with pytest.raises(Crash):
            shop.deliver(critical, calls=Calls(before={2: crash}))

    assert shop.deliver([to_line(incident())], calls=Calls(after={1: rival})) == []
    (row,) = shop.rows().values()
    assert (row.alerted_severity, row.alert_is_pending) == ("high", True)
    assert shop.deliver(critical, milliseconds_left=14_100) == [sequence_number(0)]
    shop.clock.wait(CLAIM.total_seconds())
    assert shop.deliver(critical) == []
    assert [mail[3]["severity"]["Value"] for mail in shop.mails()] == ["high", "critical"]


def test_a_claim_ends_with_its_own_mark_and_with_no_other(shop: Shop) -> None:
    """Also where another's mark has said already what there was to say."""
    shop.deliver([to_line(incident())])
    (row,) = shop.rows().values()
    claimed = replace(row, alert_claim="ours", alert_claimed_until=shop.clock.now(), alerted_severity=None)
    late = alerted(claimed, told="high", claim="theirs", now=shop.clock.now())
    assert (late.alerted_severity, late.alert_claim) == ("high", "ours")
    ours = alerted(late, told="high", claim="ours", now=shop.clock.now())
    assert (ours.alerted_severity, ours.alert_claim, ours.revision) == ("high", None, late.revision + 1)
    assert alerted(ours, told="high", claim="ours", now=shop.clock.now()) == ours


@pytest.mark.parametrize("number", NEW_EPISODE)
@pytest.mark.parametrize("state", ["open", "extended", "closed"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_rivals_never_both_publish(shop: Shop, number: int, state: str, moment: str) -> None:
    """Two shards may carry one episode at the same moment; the second runs here in the middle of the first."""
    rival: list[list[str]] = []

    def let_rival_run() -> None:
        rival.append(shop.deliver([to_line(incident(state=state, value=900.0))], milliseconds_left=14_100))

    calls = Calls(**{moment: {number: let_rival_run}})
    failed = shop.deliver([to_line(incident())], calls=calls)
    assert len(shop.alerts()) == 1
    assert failed == [] or rival[0] == []
    shop.clock.wait(60)
    assert shop.deliver([to_line(incident(state=state, value=900.0))]) == []
    (row,) = shop.rows().values()
    assert (row.incident.state, row.incident.value) == (state, 900.0)
    assert len(shop.alerts()) == 1


def test_a_write_whose_answer_was_lost_is_recognised(shop: Shop) -> None:
    """The client sends it again and is refused by its own row: that is a success, and the alert is still ours."""
    real, calls = shop.dynamodb, Calls()
    responder = shop.container(calls)
    object.__setattr__(responder.table, "client", _Twice(real))
    assert shop.deliver([to_line(incident())], container=responder) == []
    assert len(shop.alerts()) == 1
    (row,) = shop.rows().values()
    assert row.alerted_at is not None


class _Twice:
    """Sends every write twice and answers with what the second one got."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put_item(self, **arguments: Any) -> Any:
        self._client.put_item(**arguments)
        return self._client.put_item(**arguments)


def test_a_batch_that_runs_out_of_time_gives_back_what_it_did_not_do(shop: Shop) -> None:
    """A function that is killed reports nothing, and then all of its batch is done again."""
    failed = shop.deliver([to_line(incident())], milliseconds_left=1_000)
    assert failed == [sequence_number(0)]
    assert shop.rows() == {}


def test_an_alert_that_would_outlast_the_invocation_is_not_begun(shop: Shop) -> None:
    """Its function would be ended between SNS having the mail and the mark, and the mail would go twice."""
    batch = [KinesisRecord(sequence_number=str(n), data=to_line(incident(subject=f"user{n}"))) for n in range(6)]
    for _ in range(4):
        ends_at, container = shop.clock.now() + timedelta(seconds=30), shop.container()
        object.__setattr__(container.topic, "client", _SlowTopic(shop, ends_at))
        with suppress(Crash):
            container.answer(batch, seconds_left=until(ends_at, shop))
        shop.clock.wait(CLAIM.total_seconds())
    assert sorted(shop.alerts()) == sorted(incident(subject=f"user{n}").incident_id for n in range(6))


def test_after_the_wait_for_a_claim_there_is_time_for_the_alert(shop: Shop) -> None:
    """A cold container with slow calls comes to it late; put off each time, the record would be given up in the end."""
    with pytest.raises(Crash):
        shop.deliver([to_line(incident())], calls=Calls(before={1: crash}))
    slow = dict.fromkeys(range(20), lambda: shop.clock.wait(0.5))
    ends_at, container = shop.clock.now() + timedelta(seconds=30), shop.container(Calls(before=slow))
    batch = [KinesisRecord(sequence_number="1", data=to_line(incident()))]
    assert container.answer(batch, seconds_left=until(ends_at, shop)) == {}
    assert len(shop.alerts()) == 1


def until(ends_at: datetime, shop: Shop) -> Callable[[], float]:
    """Return how many seconds an invocation has that Lambda ends at that moment."""

    def seconds_left() -> float:
        return (ends_at - shop.clock.now()).total_seconds()

    return seconds_left


class _SlowTopic:
    """Has the mail at once and takes six seconds to say so; the invocation does not outlive its end."""

    def __init__(self, shop: Shop, ends_at: datetime) -> None:
        self._shop = shop
        self._ends_at = ends_at

    def publish(self, **arguments: Any) -> Any:
        answer = self._shop.sns.publish(**arguments)
        self._shop.clock.wait(6)
        if self._shop.clock.now() >= self._ends_at:
            crash()
        return answer


def test_a_throttled_episode_fails_every_record_that_speaks_of_it_and_no_other(shop: Shop) -> None:
    """The states were folded, so the failure belongs to all of the records they came in."""
    poor, fine = incident(), incident(subject="user2")
    batch = [to_line(poor), to_line(fine), to_line(incident(state="closed"))]
    assert shop.deliver(batch, calls=Calls(before={0: throttle})) == [sequence_number(0), sequence_number(2)]
    assert set(shop.rows()) == {fine.incident_id}
    assert shop.deliver(batch) == []
    assert sorted(shop.alerts()) == sorted([poor.incident_id, fine.incident_id])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["incident", "tally", "poison", "half", "blank"]), min_size=1, max_size=8))
def test_exactly_the_poison_records_fail(aws: None, kinds: list[str]) -> None:
    """Lambda sends on what is reported: one too few is lost, one too many is done twice."""
    shop = Shop()
    values = {
        "tally": to_line(TALLY),
        "poison": b'{"record_type":"incident"}',
        "half": b"[]\n\n" + to_line(incident(subject="neighbour")) + b"\n",
        "blank": b"\n",
    }
    batch = [values.get(kind) or to_line(incident(subject=f"u{place}")) for place, kind in enumerate(kinds)]
    poison = [sequence_number(place) for place, kind in enumerate(kinds) if kind in ("poison", "half")]
    assert shop.deliver(batch) == poison
    assert len(shop.alerts()) == len(shop.rows()) == kinds.count("incident") + ("half" in kinds)


def test_a_log_line_says_which_record_and_why(shop: Shop) -> None:
    """Whoever finds the number in the failure queue looks it up in the log."""
    shop.deliver([to_line(incident()), b'{"record_type":"tally"}'])
    (line,) = [line for line in shop.log_lines() if line["level"] == "ERROR"]
    assert line["sequence_number"] == sequence_number(1)
    assert line["reason"] == "line 1: tally_id is missing"


@pytest.mark.parametrize("number", NEW_EPISODE)
def test_no_log_line_names_a_shopper_or_quotes_a_record(shop: Shop, number: int) -> None:
    """Logs are read by more people, and kept longer, than incidents."""
    poison = to_line(incident()).replace(b'"high"', b'"%s"' % SHOPPER.encode())
    shop.deliver([to_line(incident()), poison, b"[" + SHOPPER.encode()], calls=Calls(before={number: throttle}))
    shop.deliver([to_line(incident(state="closed")).replace(b"is the limit", rb"\ud800")])
    logged = shop.log.getvalue()
    assert incident().incident_id in logged
    assert len([line for line in shop.log_lines() if line["level"] == "ERROR"]) >= 3
    for secret in (SHOPPER, "event-1", base64.b64encode(SHOPPER.encode()).decode()):
        assert secret not in logged


def test_an_episode_new_to_the_container_costs_three_calls(shop: Shop) -> None:
    """However many there are: a write, an alert and a mark each, nothing read."""
    calls = Calls()
    shop.deliver([to_line(incident(subject=f"u{number}")) for number in range(20)], calls=calls)
    assert {name: calls.made.count(name) for name in set(calls.made)} == {"put_item": 40, "publish": 20}
