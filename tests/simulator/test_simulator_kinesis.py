"""Sending: only what failed goes again, in order, and the account adds up whatever the stream does."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from simulator.generate import records
from simulator.kept import KeptFile
from simulator.options import Options
from simulator.record import Fault, Record
from simulator.send import Stopped, send
from simulator.sinks import KinesisSink, StandardOutputSink
from simulator.sinks.kinesis import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES


class FakeStream:
    """A PutRecords that fails as told: `fails(call, data)` names a record's error, `breaks(call)` the call's."""

    def __init__(
        self,
        *,
        fails: Callable[[int, bytes], str | None] = lambda _, __: None,
        breaks: Callable[[int], Exception | None] = lambda _: None,
    ) -> None:
        self.calls: list[list[bytes]] = []
        self.taken: list[bytes] = []
        self._fails = fails
        self._breaks = breaks

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName == "events"
        number = len(self.calls)
        self.calls.append([entry["Data"] for entry in Records])
        assert len(Records) <= MAX_BATCH_RECORDS
        assert sum(len(e["Data"]) + len(e["PartitionKey"]) for e in Records) <= MAX_BATCH_BYTES
        if (error := self._breaks(number)) is not None:
            raise error
        answers = [self._answer(number, entry["Data"]) for entry in Records]
        return {"FailedRecordCount": sum("ErrorCode" in answer for answer in answers), "Records": answers}

    def _answer(self, call: int, data: bytes) -> dict[str, str]:
        if (code := self._fails(call, data)) is not None:
            return {"ErrorCode": code, "ErrorMessage": "told to"}
        self.taken.append(data)
        return {"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-0"}


def numbered(count: int) -> Iterator[Record]:
    for number in range(count):
        yield Record(data=str(number).encode(), partition_key="user", event_time=datetime(2025, 1, 1, tzinfo=UTC))


def sink_into(stream: FakeStream, tmp_path: Path, **options: Any) -> KinesisSink:
    refused_file = KeptFile(tmp_path / "refused.jsonl")
    return KinesisSink(
        client=stream,  # type: ignore[arg-type]  # the one call that the sink makes
        stream="events",
        refused_file=refused_file,
        sleep=options.pop("sleep", lambda _: None),
        **options,
    )


def client_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutRecords")


def test_records_go_out_in_full_batches(tmp_path: Path):
    """A call costs the same for one record as for 500."""
    stream = FakeStream()
    account = send(numbered(1_234), sink_into(stream, tmp_path))
    assert [len(call) for call in stream.calls] == [500, 500, 234]
    assert (account.produced, account.sent, account.retried, account.refused) == (1_234, 1_234, 0, 0)


def test_only_the_records_that_failed_go_again_and_before_newer_ones(tmp_path: Path):
    """Sending the whole batch again would double what had arrived; sending it later would overtake."""
    odd = {str(number).encode() for number in range(1, 500, 2)}
    stream = FakeStream(fails=lambda call, data: "InternalFailure" if call == 0 and data in odd else None)
    account = send(numbered(700), sink_into(stream, tmp_path))
    assert set(stream.calls[1]) == odd
    assert stream.calls[1] == [data for data in stream.calls[0] if data in odd]
    assert stream.calls[2] == [str(number).encode() for number in range(500, 700)]
    assert (account.sent, account.retried, account.refused) == (700, 250, 0)


@given(st.integers(0, 2**32), st.floats(0, 0.6), st.integers(1, 1_300))
def test_everything_is_sent_once_or_refused_and_order_is_kept_where_nothing_failed(seed, share, count):
    """The account must add up under any pattern of failures, and no record may be there twice or nowhere."""
    dice = random.Random(seed)
    failed: set[bytes] = set()

    def fails(_: int, data: bytes) -> str | None:
        if dice.random() < share:
            failed.add(data)
            return "ProvisionedThroughputExceededException"
        return None

    refused: list[bytes] = []

    class Keeper(KeptFile):
        def keep(self, data: bytes, *, reason: str, **origin: str | int) -> None:
            assert (reason, origin) == ("ProvisionedThroughputExceededException", {"partition_key": "user"})
            refused.append(data)

    stream = FakeStream(fails=fails)
    sink = KinesisSink(
        client=stream,  # type: ignore[arg-type]
        stream="events",
        refused_file=Keeper(Path("unused")),
        attempts=3,
        sleep=lambda _: None,
    )
    account = send(numbered(count), sink)
    assert sorted(stream.taken + refused, key=int) == [str(number).encode() for number in range(count)]
    assert (account.sent, account.refused, account.unsent) == (len(stream.taken), len(refused), 0)
    untouched = [int(data) for data in stream.taken if data not in failed]
    assert untouched == sorted(untouched)
    batches = [int(data) // 500 for data in stream.taken]
    assert batches == sorted(batches)


def test_what_is_refused_for_good_is_kept_with_its_exact_bytes(tmp_path: Path):
    """Nothing vanishes: whoever mends the stream can send it again."""
    stream = FakeStream(fails=lambda _, data: "InternalFailure" if data == b"\xff3" else None)
    poison = Record(data=b"\xff3", partition_key="x", event_time=None)
    waits: list[float] = []
    account = send([*numbered(2), poison], sink_into(stream, tmp_path, attempts=4, sleep=waits.append))
    assert (account.sent, account.retried, account.refused) == (2, 3, 1)
    (line,) = (tmp_path / "refused.jsonl").read_text().splitlines()
    assert base64.b64decode(json.loads(line)["bytes_base64"]) == b"\xff3"
    assert len(waits) == 3
    assert waits == sorted(waits)


def test_a_record_larger_than_the_stream_takes_is_refused_and_the_others_go(tmp_path: Path):
    """In a batch it would make the whole call fail."""
    huge = Record(data=b"x" * MAX_RECORD_BYTES, partition_key="user", event_time=None)
    stream = FakeStream()
    account = send([huge, *numbered(3)], sink_into(stream, tmp_path))
    assert (account.sent, account.refused) == (3, 1)


def test_a_batch_stays_within_the_bytes_of_one_call(tmp_path: Path):
    """The fake asserts the limit; twelve records of a megabyte need several calls."""
    large = [Record(data=b"x" * 1_000_000, partition_key="user", event_time=None) for _ in range(12)]
    stream = FakeStream()
    assert send(large, sink_into(stream, tmp_path)).sent == 12
    assert len(stream.calls) == 3


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("Anything", status=503),
        EndpointConnectionError(endpoint_url="http://x"),
    ],
)
def test_an_error_that_passes_is_sat_out(tmp_path: Path, error: Exception):
    """A moment without network must not end an hour's replay."""
    stream = FakeStream(breaks=lambda call: error if call < 2 else None)
    account = send(numbered(10), sink_into(stream, tmp_path))
    assert (account.sent, account.retried) == (10, 20)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (client_error("ResourceNotFoundException"), "no such stream"),
        (client_error("AccessDeniedException"), "kinesis:PutRecords"),
        (client_error("ExpiredTokenException"), "expired"),
        (NoCredentialsError(), "no AWS credentials"),
    ],
)
def test_an_error_that_needs_a_person_stops_at_once_and_says_so(tmp_path: Path, error: Exception, advice: str):
    """Eight attempts do not make a stream; the account says what is unsent."""
    stream = FakeStream(breaks=lambda _: error)
    with pytest.raises(Stopped, match=advice) as stopped:
        send(numbered(10), sink_into(stream, tmp_path))
    assert len(stream.calls) == 1
    assert (stopped.value.account.produced, stopped.value.account.unsent) == (10, 10)


def test_a_stream_that_never_answers_stops_the_run(tmp_path: Path):
    """Refusing all records one batch at a time would take hours to say the same."""
    stream = FakeStream(breaks=lambda _: EndpointConnectionError(endpoint_url="http://x"))
    with pytest.raises(Stopped, match="gave up after 8 attempts"):
        send(numbered(10), sink_into(stream, tmp_path))


def test_pauses_double_up_to_five_seconds(tmp_path: Path) -> None:
    """Seven of them are a quarter of a minute: as long as a stream may take to get over a burst."""
    pauses: list[float] = []
    stream = FakeStream(breaks=lambda _: EndpointConnectionError(endpoint_url="http://x"))
    with pytest.raises(Stopped):
        send(numbered(1), sink_into(stream, tmp_path, sleep=pauses.append, jitter=lambda: 1.0))
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_what_a_run_gave_up_on_is_not_sent_after_its_account(tmp_path: Path):
    """Half of a batch is taken, then the network is gone until the run has given up: closing sends nothing again."""
    half = {str(number).encode() for number in range(0, 316, 2)}
    stream = FakeStream(
        fails=lambda call, data: None if call or data in half else "ProvisionedThroughputExceededException",
        breaks=lambda call: EndpointConnectionError(endpoint_url="http://x") if 0 < call < 8 else None,
    )
    sink = sink_into(stream, tmp_path)
    with pytest.raises(Stopped, match="gave up after 8 attempts") as stopped:
        send(numbered(316), sink)
    sink.close()
    account = stopped.value.account
    assert (account.sent, account.unsent, len(stream.taken)) == (158, 158, 158)


@pytest.mark.parametrize("poison", [b"\xff3", b"x" * MAX_RECORD_BYTES])
def test_a_refused_record_that_cannot_be_kept_stops_the_run_and_nothing_goes_twice(tmp_path: Path, poison: bytes):
    """What is in no file and in no stream is unsent, and is not told of as settled: `--resume` begins before it."""
    (tmp_path / "refused.jsonl").mkdir()
    stream = FakeStream(fails=lambda _, data: "InternalFailure" if data == poison else None)
    sink = sink_into(stream, tmp_path)
    settled: list[Record] = []
    traffic = list(numbered(MAX_BATCH_RECORDS))
    traffic[250] = Record(data=poison, partition_key="x", event_time=None)
    with pytest.raises(Stopped, match="cannot be written") as stopped:
        send(traffic, sink, acknowledged=settled.append)
    sink.close()
    account = stopped.value.account
    assert account.sent == len(stream.taken) == len(set(stream.taken))
    assert (account.refused, account.unsent, settled) == (0, 1, [])


def test_lines_that_could_not_be_written_are_not_written_after_the_account():
    """The disk may have room again by then."""

    class FullOnce(BytesIO):
        tries = 0

        def write(self, block: Any) -> int:
            self.tries += 1
            if self.tries == 1:
                raise OSError(ENOSPC, "No space left on device")
            return super().write(block)

    output = FullOnce()
    sink = StandardOutputSink(output)
    with pytest.raises(Stopped, match="No space left") as stopped:
        send(numbered(3), sink)
    sink.close()
    assert (stopped.value.account.unsent, output.getvalue()) == (3, b"")


def test_a_source_that_fails_midway_does_not_take_back_what_was_accepted(tmp_path: Path):
    """A truncated file ends in an error, after everything before it has been sent."""

    def failing() -> Iterator[Record]:
        yield from numbered(7)
        raise Fault("cut off")

    stream = FakeStream()
    with pytest.raises(Stopped, match="cut off") as stopped:
        send(failing(), sink_into(stream, tmp_path))
    assert stopped.value.account.sent == len(stream.taken) == 7


@mock_aws
def test_generated_traffic_arrives_in_a_kinesis_stream_byte_for_byte(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The real client against the AWS simulator: poison, bad UTF-8 and all."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("kinesis", region_name="eu-central-1")
    client.create_stream(StreamName="events", ShardCount=1)
    sink = KinesisSink(client=client, stream="events", refused_file=KeptFile(tmp_path / "refused.jsonl"))
    sent = list(records(Options(events=1_500, attacks={}, sale=False, poison=0.02)))
    account = send(sent, sink)
    assert account.sent == len(sent)
    iterator = client.get_shard_iterator(
        StreamName="events", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    arrived: list[tuple[bytes, str]] = []
    while batch := client.get_records(ShardIterator=iterator, Limit=1000):
        arrived += [(record["Data"], record["PartitionKey"]) for record in batch["Records"]]
        iterator = batch["NextShardIterator"]
        if not batch["Records"]:
            break
    assert arrived == [(record.data, record.partition_key) for record in sent]


@mock_aws
def test_a_stream_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The message of the service itself must reach the user as advice."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("kinesis", region_name="eu-central-1")
    sink = KinesisSink(client=client, stream="nope", refused_file=KeptFile(tmp_path / "refused.jsonl"))
    with pytest.raises(Stopped, match="stream nope: there is no such stream"):
        send(numbered(1), sink)
