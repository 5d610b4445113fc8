"""A replay that is killed goes on where it was: it may send again, it never skips."""

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kaggle import HEADER
from simulator.kept import KeptFile
from simulator.progress_file import ProgressFile
from simulator.record import Fault
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


def test_each_target_has_its_own_progress(tmp_path: Path):
    """A file sent to one stream has not been sent to another."""
    recording = write_recording(tmp_path / "recorded.csv", 1)
    paths = {ProgressFile(tmp_path, source=recording, target=to).path for to in ("kinesis:a", "kinesis:b")}
    assert len(paths) == 2
