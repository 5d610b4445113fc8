"""The drills must be able to fail: each bug planted here makes them find something wrong, and without it nothing is.

The bugs are those that platforms of this kind have had. Each is a change of product code that the test alone makes.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from drills_rig import Cloud, Rig, Trouble

from drills.comparison import Kind, Wrong
from drills.faults import Action, Fault
from drills.proxy import FaultProxy
from drills.request import Request
from glue_jobs import curate
from lambdas.respond import handler as respond_handler
from lambdas.respond import table as incident_table
from lambdas.respond.responder import Responder
from laptop.event_source.batches import Batches
from laptop.firehose import delivery
from laptop.firehose.delivery import ShardDelivery
from laptop.shards import ShardCursor
from simulator.sinks.kinesis import KinesisSink

Plant = Callable[[pytest.MonkeyPatch], None]


def _writes(request: Request) -> bool:
    return request.operation == "PutRecords" and request.by_producer


def _reads(request: Request) -> bool:
    return request.operation == "GetRecords"


def every_second(meets: Callable[[Request], bool], *, first: bool) -> Callable[[Request], bool]:
    """Return what meets one of two such requests, the first or the second: by chance a short run might have none."""
    spared = itertools.cycle((not first, first))
    return lambda request: meets(request) and not next(spared)


PARTIAL = Trouble(sending=Fault(name="partial", action=Action.HOLD_BACK, meets=_writes))
ERRORS = Trouble(sending=Fault(name="500", action=Action.REFUSE, meets=every_second(_writes, first=True)))
ANSWER_LOST = Trouble(sending=Fault(name="lost", action=Action.LOSE_ANSWER, meets=every_second(_writes, first=True)))
S3_FAILING = Trouble(
    delivering=Fault(
        name="s3", action=Action.REFUSE, meets=lambda request: request.operation == "PutObject", code="InternalError"
    )
)
EXPIRED = Trouble(
    delivering=Fault(
        name="expired",
        action=Action.REFUSE,
        meets=every_second(_reads, first=False),
        code="ExpiredIteratorException",
        status=400,
    )
)
DELIVERY_KILLED = Trouble(delivery_killed=True)
THROTTLED_TABLE = Trouble(
    responding=Fault(
        name="dynamodb",
        action=Action.REFUSE,
        meets=lambda request: request.service == "dynamodb" and request.operation == "PutItem",
        code="ProvisionedThroughputExceededException",
        status=400,
    )
)
SNS_DOWN = Trouble(
    responding=Fault(name="sns", action=Action.REFUSE, meets=lambda request: request.service == "sns", status=503)
)
KILLED_BEFORE_ROW = Trouble(responder_killed=("put_item", False, 3))
KILLED_AFTER_ROW = Trouble(responder_killed=("put_item", True, 3))
KILLED_BEFORE_ALERT = Trouble(responder_killed=("publish", False, 2))
CURATE_KILLED_AFTER_EVENTS = Trouble(curate_killed_at="events: events")
CURATE_KILLED_AFTER_RUNS = Trouble(curate_killed_at="events: runs")
QUIET = Trouble()
TROUBLES = {
    "nothing": QUIET,
    "part of a batch refused": PARTIAL,
    "errors": ERRORS,
    "answers lost": ANSWER_LOST,
    "S3 failing": S3_FAILING,
    "iterators expired": EXPIRED,
    "delivery killed": DELIVERY_KILLED,
    "table throttled": THROTTLED_TABLE,
    "SNS down": SNS_DOWN,
    "responder killed before a row": KILLED_BEFORE_ROW,
    "responder killed after a row": KILLED_AFTER_ROW,
    "responder killed before an alert": KILLED_BEFORE_ALERT,
    "curate killed after the events": CURATE_KILLED_AFTER_EVENTS,
    "curate killed after the account": CURATE_KILLED_AFTER_RUNS,
}


@dataclass(frozen=True, kw_only=True)
class Bug:
    """A bug, the trouble in which it shows, and how it does."""

    name: str
    plant: Plant
    trouble: Trouble
    shows: Kind
    side: str


@pytest.fixture
def rig(aws: Cloud, unique: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(delivery, "_READ_LIMIT", 40)  # a shard gives less than it holds
    proxy = FaultProxy(target_port=aws.port, seed=unique)
    with proxy.serving():
        yield Rig(aws, unique, proxy)


# --- the producer ---


def refused_records_count_as_sent(patch: pytest.MonkeyPatch) -> None:
    put = KinesisSink._put

    def ignoring(sink: KinesisSink, records: list[Any]) -> list[Any]:
        put(sink, records)
        return []

    patch.setattr(KinesisSink, "_put", ignoring)


def a_batch_is_sent_again_as_a_whole(patch: pytest.MonkeyPatch) -> None:
    put = KinesisSink._put

    def whole(sink: KinesisSink, records: list[Any]) -> list[Any]:
        failed = put(sink, records)
        return [(record, "again") for record in records] if failed else []

    patch.setattr(KinesisSink, "_put", whole)


def the_sink_drops_what_an_error_meets(patch: pytest.MonkeyPatch) -> None:
    put = KinesisSink._put

    def dropping(sink: KinesisSink, records: list[Any]) -> list[Any]:
        failed = put(sink, records)
        return [] if sink._call_failed else failed

    patch.setattr(KinesisSink, "_put", dropping)


# --- delivery ---


def the_place_is_kept_before_the_object(patch: pytest.MonkeyPatch) -> None:
    flush = ShardDelivery._flush

    def early(delivery: ShardDelivery) -> None:
        delivery._done = delivery._buffer[-1].sequence
        delivery._checkpoint.keep(done=delivery._done)
        try:
            flush(delivery)
        except (ClientError, BotoCoreError):
            delivery._buffer, delivery._bytes = [], 0
            raise

    patch.setattr(ShardDelivery, "_flush", early)


def an_object_that_s3_refuses_is_dropped(patch: pytest.MonkeyPatch) -> None:
    flush = ShardDelivery._flush

    def dropping(delivery: ShardDelivery) -> None:
        try:
            flush(delivery)
        except (ClientError, BotoCoreError):
            delivery._checkpoint.keep(done=delivery._buffer[-1].sequence)
            delivery._buffer, delivery._bytes = [], 0

    patch.setattr(ShardDelivery, "_flush", dropping)


def an_object_put_again_has_another_name(patch: pytest.MonkeyPatch) -> None:
    key, attempts = ShardDelivery._key, itertools.count()
    patch.setattr(
        ShardDelivery,
        "_key",
        lambda shard, first, last: key(shard, first, last).replace(".gz", f"-{next(attempts)}.gz"),
    )


def reading_goes_on_at_the_latest_record(patch: pytest.MonkeyPatch) -> None:
    begin = ShardCursor._begin

    def latest(cursor: ShardCursor) -> str:
        if cursor._after is None:
            return begin(cursor)
        place = {"StreamName": cursor._stream, "ShardId": cursor._shard, "ShardIteratorType": "LATEST"}
        return str(cursor._kinesis.get_shard_iterator(**place)["ShardIterator"])

    patch.setattr(ShardCursor, "_begin", latest)


# --- the responder ---


def rows_are_put_without_a_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incident_table, "_condition", lambda _: {})


def the_alert_is_sent_before_the_row(patch: pytest.MonkeyPatch) -> None:
    respond_to = Responder._respond_to

    def alert_first(responder: Responder, reading: Any, incident_id: str, **given: Any) -> None:
        if incident_id not in told:
            responder.topic.send(reading.episodes[incident_id], risen_from=None)
        silent = replace(responder, topic=replace(responder.topic, client=Mute()))
        respond_to(silent, reading, incident_id, **given)
        told.add(incident_id)

    told = set[str]()
    patch.setattr(Responder, "_respond_to", alert_first)


class Mute:
    def publish(self, **_: Any) -> None:
        """Send nothing."""


def the_alert_is_marked_before_it_is_sent(patch: pytest.MonkeyPatch) -> None:
    from lambdas.respond.topic import AlertTopic

    respond_to = Responder._respond_to

    def mark_first(responder: Responder, reading: Any, incident_id: str, **given: Any) -> None:
        silent = replace(responder, topic=replace(responder.topic, client=Mute()))
        before = len(rows)
        respond_to(silent, reading, incident_id, **given)
        if len(rows) == before and incident_id not in sent:
            sent.add(incident_id)
            AlertTopic.send(responder.topic, reading.episodes[incident_id], risen_from=None)

    rows, sent = list[str](), set[str]()
    patch.setattr(Responder, "_respond_to", mark_first)


def a_further_state_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incident_table, "advanced", lambda standing, _incident, *, met: standing)  # noqa: ARG005


def errors_are_swallowed_and_success_reported(patch: pytest.MonkeyPatch) -> None:
    answer = Responder.answer

    def swallowing(responder: Responder, records: Any, **given: Any) -> dict[str, Exception]:
        answer(responder, records, **given)
        return {}

    patch.setattr(Responder, "answer", swallowing)


def the_report_of_failed_records_is_ignored(patch: pytest.MonkeyPatch) -> None:
    respond = respond_handler.process_partial_response

    def all_done(**given: Any) -> Any:
        respond(**given)
        return {"batchItemFailures": []}

    patch.setattr(respond_handler, "process_partial_response", all_done)


def the_place_is_kept_before_the_batch_is_answered(patch: pytest.MonkeyPatch) -> None:
    def early(batches: Batches, records: Any, done: Callable[[str], None]) -> None:
        done(records[-1].sequence)
        batches._invoke(list(records))

    patch.setattr(Batches, "work_off", early)


# --- curate ---


def nothing_is_recognised_as_known(patch: pytest.MonkeyPatch) -> None:
    start = curate.NEW_EVENTS.index("\n), again AS (")
    assert "SELECT 1 FROM again WHERE" in curate.NEW_EVENTS[start:]
    patch.setattr(curate, "NEW_EVENTS", curate.NEW_EVENTS.replace("WHERE nth > 1", "WHERE nth > 1000"))


def what_is_no_event_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(curate, "NEW_REJECTS", curate.NEW_REJECTS + " AND 1 = 0")


def an_object_is_taken_before_its_events_are_written(patch: pytest.MonkeyPatch) -> None:
    def early(job: Any, feed: str, *, run_id: str, objects: Any, take: Any) -> list[Any]:
        names = {"run_id": run_id, "feed": feed, "taken_at": job.clock()}
        accounts = {found.key: curate.ObjectAccount() for found in objects}
        rows = [{**names, **curate._row(found, accounts[found.key])} for found in objects]
        job.engine.present("taken", curate.RUNS.columns, rows)
        job.engine.append(curate.RUNS, f"SELECT {', '.join(curate.RUNS.column_names)} FROM taken")
        job.reached(f"{feed}: runs")
        return list(take(objects).values())

    patch.setattr(curate.Curate, "_batch", early)


def leftovers_of_a_killed_run_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(curate.Curate, "_clear_leftovers", lambda *_: None)
    known = "WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.event_id = arrived.event_id)"
    assert known in curate.NEW_EVENTS
    patch.setattr(curate, "NEW_EVENTS", curate.NEW_EVENTS.replace(known, ""))


def _bug(plant: Plant, trouble: Trouble, shows: Kind, side: str) -> Bug:
    return Bug(name=plant.__name__, plant=plant, trouble=trouble, shows=shows, side=side)


STREAM, ARCHIVE, EVENTS, REJECTS = "events stream", "archive of events", "events of the lake", "rejects of the lake"
BUGS = (
    _bug(refused_records_count_as_sent, PARTIAL, Kind.LOST, STREAM),
    _bug(a_batch_is_sent_again_as_a_whole, PARTIAL, Kind.DOUBLED, STREAM),
    _bug(the_sink_drops_what_an_error_meets, ERRORS, Kind.LOST, STREAM),
    _bug(the_place_is_kept_before_the_object, S3_FAILING, Kind.LOST, ARCHIVE),
    _bug(an_object_that_s3_refuses_is_dropped, S3_FAILING, Kind.LOST, ARCHIVE),
    _bug(an_object_put_again_has_another_name, DELIVERY_KILLED, Kind.DOUBLED, ARCHIVE),
    _bug(reading_goes_on_at_the_latest_record, EXPIRED, Kind.LOST, ARCHIVE),
    _bug(rows_are_put_without_a_condition, KILLED_AFTER_ROW, Kind.DOUBLED, "alerts"),
    _bug(the_alert_is_sent_before_the_row, KILLED_BEFORE_ROW, Kind.DOUBLED, "alerts"),
    _bug(the_alert_is_marked_before_it_is_sent, KILLED_BEFORE_ALERT, Kind.LOST, "alerts"),
    _bug(a_further_state_is_not_stored, QUIET, Kind.DIFFERENT, "states in the incidents table"),
    _bug(errors_are_swallowed_and_success_reported, THROTTLED_TABLE, Kind.LOST, "incidents table"),
    _bug(the_report_of_failed_records_is_ignored, SNS_DOWN, Kind.LOST, "alerts"),
    _bug(the_place_is_kept_before_the_batch_is_answered, KILLED_BEFORE_ROW, Kind.LOST, "incidents table"),
    _bug(nothing_is_recognised_as_known, QUIET, Kind.DOUBLED, EVENTS),
    _bug(what_is_no_event_is_ignored, QUIET, Kind.LOST, REJECTS),
    _bug(an_object_is_taken_before_its_events_are_written, CURATE_KILLED_AFTER_RUNS, Kind.LOST, EVENTS),
    _bug(leftovers_of_a_killed_run_stay, CURATE_KILLED_AFTER_EVENTS, Kind.DOUBLED, EVENTS),
)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_without_a_bug_nothing_is_wrong_whatever_the_trouble(rig: Rig, trouble: Trouble) -> None:
    """Else a bug that is caught would prove nothing."""
    assert [str(wrong) for wrong in rig.wrong(trouble)] == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(rig: Rig, bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison names the side on which it shows, and how."""
    bug.plant(monkeypatch)
    found: list[Wrong] = rig.wrong(bug.trouble)
    assert (bug.shows, bug.side) in {(wrong.kind, wrong.side) for wrong in found}
