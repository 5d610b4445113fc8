"""A replay that is killed goes on where it was: it may send again, it never skips."""

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from simulator import targets
from simulator.__main__ import replay
from simulator.kaggle import HEADER
from simulator.kept import KeptFile
from simulator.progress_file import ProgressFile
from simulator.record import Fault, Record
from simulator.replay import Recording
from simulator.send import send
from simulator.sinks import FileSink, KinesisSink

ROOT = Path(__file__).resolve().parents[2]
SESSION = "72d76fde-8bb3-4e00-8c23-a032dfed738c"


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


class DyingStream:
    """Takes records, and dies in one call: before taking the batch, or after it but before answering."""

    def __init__(self, *, dies_in_call: int, having_taken: bool, taken: list[bytes]) -> None:
        self.taken = taken
        self._calls_left = dies_in_call
        self._having_taken = having_taken

    def put_records(self, **request):
        data = [entry["Data"] for entry in request["Records"]]
        self._calls_left -= 1
        if self._calls_left == 0 and not self._having_taken:
            raise Killed
        self.taken += data
        if self._calls_left == 0:
            raise Killed
        return {"Records": [{"SequenceNumber": "1", "ShardId": "s"} for _ in data]}


def write_recording(path: Path, rows: int) -> Path:
    lines = (f"2019-10-01 00:00:00 UTC,view,{number},1,,b,1.00,7,{SESSION}" for number in range(1, rows + 1))
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=4))
def test_no_row_is_skipped_wherever_the_run_is_killed(kills: list[tuple[int, bool]]):
    """Killed before or after a batch arrived, several times over: in the end every row is there."""
    with tempfile.TemporaryDirectory() as folder:
        recording = write_recording(Path(folder) / "recorded.csv", 2_300)
        taken: list[bytes] = []
        for calls, having_taken in [*kills, (-1, True)]:
            state = ProgressFile(Path(folder), source=recording, target="kinesis:x", save_every_seconds=0)
            stream = DyingStream(dies_in_call=calls, having_taken=having_taken, taken=taken)
            known = state.load()
            source = Recording(recording, after=known.position if known else None)
            sink = KinesisSink(client=stream, stream="x", refused_file=KeptFile(Path(folder) / "r"))
            try:
                send(source, sink, acknowledged=lambda record, state=state: state.note(record, written_bytes=0))
            except Killed:
                source.close()
        whole = [record.data for record in Recording(recording)]
    assert list(dict.fromkeys(taken)) == whole
    assert len(taken) <= len(whole) + 500 * len(kills)


@pytest.mark.parametrize(("how", "ending"), [(signal.SIGKILL, "jsonl.gz"), (signal.SIGINT, "jsonl")])
def test_a_killed_process_leaves_a_file_that_a_second_run_completes(tmp_path: Path, ending: str, how: signal.Signals):
    """The file ends up as if nothing had happened: what was not acknowledged is cut off and written again."""
    recording = write_recording(tmp_path / "recorded.csv", 9_000)
    out = tmp_path / f"out.{ending}"
    command = [sys.executable, "-m", "simulator", "replay", str(recording), "--to", f"file:{out}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    first = subprocess.Popen([*command, "--rate", "2000"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    state = tmp_path / "build" / "simulator"
    give_up = time.monotonic() + 30
    while not list(state.glob("*.progress.json")) and time.monotonic() < give_up:
        time.sleep(0.05)
    time.sleep(0.15)  # more is written by now than was noted
    first.send_signal(how)
    _, said = first.communicate(timeout=300)
    assert first.returncode == (130 if how is signal.SIGINT else -9), said
    assert ("interrupted" in said.decode()) == (how is signal.SIGINT)
    second = subprocess.run([*command, "--resume"], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert b"going on after line" in second.stderr
    content = gzip.decompress(out.read_bytes()) if ending.endswith("gz") else out.read_bytes()
    assert content.splitlines() == [record.data for record in Recording(recording)]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_what_a_file_holds_beyond_the_acknowledged_is_written_again(tmp_path: Path, name: str):
    """A line cut in two by the kill must not stay between whole ones."""
    one, two = list(Recording(write_recording(tmp_path / "recorded.csv", 2)))
    first = FileSink(tmp_path / name)
    send([one], first)
    acknowledged = first.written_bytes
    first.close()
    with (tmp_path / name).open("ab") as file:
        file.write(b"half a li")
    second = FileSink(tmp_path / name, keep_bytes=acknowledged)
    send([two], second)
    second.close()
    content = (tmp_path / name).read_bytes()
    content = gzip.decompress(content) if name.endswith("gz") else content
    assert content == one.data + b"\n" + two.data + b"\n"


def test_another_file_of_the_same_name_is_not_gone_on_with(tmp_path: Path):
    """Its rows before that position would never be sent."""
    recording = write_recording(tmp_path / "recorded.csv", 10)
    state = ProgressFile(tmp_path, source=recording, target="t", save_every_seconds=0)
    for record in Recording(recording):
        state.note(record, written_bytes=0)
    recording.write_text(recording.read_text().replace("2019", "2020"))
    with pytest.raises(Fault, match="not the file that was begun"):
        ProgressFile(tmp_path, source=recording, target="t").load()


def noted(folder: Path, recording: Path) -> None:
    """Note the last row that can be read or, of a packed file, the first that lies behind the file's own size."""
    state = ProgressFile(folder, source=recording, target="t")
    with suppress(Fault), closing(Recording(recording, bad_row=lambda *_: None)) as source:
        for record in source:
            state.note(record, written_bytes=0)
            if record.source_end > recording.stat().st_size:
                break
    state.save()


def test_a_file_that_is_another_where_it_was_left_is_not_gone_on_with(tmp_path: Path):
    """It begins alike; the place to go on at is in the middle of a row there."""
    recording = write_recording(tmp_path / "recorded.csv", 100)
    noted(tmp_path, recording)
    content = recording.read_bytes()
    recording.write_bytes(content[:6_000] + b"0" + content[6_000:])
    with pytest.raises(Fault, match="not the file that was begun"):
        ProgressFile(tmp_path, source=recording, target="t").load()


@pytest.mark.parametrize(("rows", "packed"), [(9, False), (300, False), (9_000, True)])
def test_a_file_of_which_more_was_fetched_is_gone_on_with(tmp_path: Path, rows: int, packed: bool):
    """As after a download that broke off, also within a packed file."""
    recording = write_recording(tmp_path / "recorded.csv", rows)
    whole = recording.read_bytes()
    whole = gzip.compress(whole) if packed else whole
    recording.write_bytes(whole[: len(whole) // 2])
    noted(tmp_path, recording)
    recording.write_bytes(whole)
    known = ProgressFile(tmp_path, source=recording, target="t").load()
    assert known is not None
    assert 1 < known.line <= rows


def test_of_a_pipe_nothing_is_noted(tmp_path: Path):
    """It cannot be gone on with, and to look into it would take rows out of it."""
    end, beginning = os.pipe()
    os.write(beginning, b"rows")
    os.close(beginning)
    state = ProgressFile(tmp_path, source=Path(f"/dev/fd/{end}"), target="t", save_every_seconds=0)
    state.note(Record(data=b"", partition_key="", event_time=None), written_bytes=0)
    assert (os.read(end, 4), state.load()) == (b"rows", None)
    os.close(end)


class OneStream:
    """A client that is told of a stream, or refused."""

    def __init__(self, refusal: str = "", *, made: float = 0, region: str = "eu-central-1") -> None:
        self.meta = SimpleNamespace(endpoint_url=f"https://kinesis.{region}.amazonaws.com", region_name=region)
        self._refusal = refusal
        self._made = made

    def describe_stream_summary(self, *, StreamName: str) -> dict[str, Any]:
        if self._refusal:
            raise ClientError({"Error": {"Code": self._refusal, "Message": ""}}, "DescribeStreamSummary")
        made = datetime.fromtimestamp(self._made, UTC)
        return {"StreamDescriptionSummary": {"StreamARN": f"arn:{StreamName}", "StreamCreationTimestamp": made}}


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Callable[[OneStream], str]:
    """Return what gives the identity of a target with this client."""

    def of(client: OneStream) -> str:
        monkeypatch.setattr(targets, "_client", lambda **_: client)
        return targets.identity("kinesis:x")

    return of


def test_a_stream_of_the_same_name_is_another_target(target: Callable[[OneStream], str]):
    """Elsewhere, or made anew, it has seen nothing: going on after what the other had acknowledged skips all of it."""
    streams = [OneStream(), OneStream(made=1), OneStream(region="us-east-1")]
    assert len({target(stream) for stream in [*streams, *streams]}) == 3


@pytest.mark.parametrize("refusal", ["AccessDeniedException", "UnknownOperationException"])
def test_who_may_only_write_to_a_stream_tells_it_by_where_it_is(target: Callable[[OneStream], str], refusal: str):
    """No right is needed beyond that to write."""
    streams = [OneStream(refusal), OneStream(refusal, made=1), OneStream(refusal, region="us-east-1")]
    assert len(set(map(target, streams))) == 2


@pytest.mark.parametrize(
    ("refusal", "message"), [("ResourceNotFoundException", "no such stream"), ("LimitExceededException", "x: An error")]
)
def test_a_stream_that_cannot_be_told_now_is_not_written_to(
    target: Callable[[OneStream], str], refusal: str, message: str
):
    """What would be noted of it could not be found again."""
    with pytest.raises(Fault, match=message):
        target(OneStream(refusal))


@mock_aws
def test_a_new_stream_of_the_same_name_is_sent_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """The platform was taken down and set up again meanwhile: nothing of the file has arrived in this one."""
    for name, value in (
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    client = boto3.client("kinesis")
    recording = write_recording(tmp_path / "recorded.csv", 3)
    said = []
    for anew in (True, False, True):
        if anew:
            with suppress(client.exceptions.ResourceNotFoundException):
                client.delete_stream(StreamName="events")
            client.create_stream(StreamName="events", ShardCount=1)
        replay(recording, to="kinesis:events", resume=True)
        said.append(capfd.readouterr().err)
    assert ["produced 3, sent 3" in words for words in said] == [True, False, True]
    assert ["it is sent from the start" in words for words in said] == [True, False, True]


def test_each_target_has_its_own_progress(tmp_path: Path):
    """A file sent to one stream has not been sent to another."""
    recording = write_recording(tmp_path / "recorded.csv", 1)
    paths = {ProgressFile(tmp_path, source=recording, target=to).path for to in ("kinesis:a", "kinesis:b")}
    assert len(paths) == 2
