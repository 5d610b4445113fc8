"""The command line: what it writes, and one clear line for whatever goes wrong."""

import gzip
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from rich.console import Console

from simulator import console, people, runs
from simulator.__main__ import generate, main, replay, sample
from simulator.kaggle import HEADER
from simulator.kept import KeptFile
from simulator.progress_file import ProgressFile
from simulator.record import Record
from simulator.replay import Recording
from simulator.sinks import SinkFault
from simulator.visit import Act

ROOT = Path(__file__).resolve().parents[2]
SESSION = "72d76fde-8bb3-4e00-8c23-a032dfed738c"
GOOD = f"2019-10-01 00:00:00 UTC,view,1,1,,b,1.00,7,{SESSION}"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Return what calls the command in an empty folder without AWS settings; gives exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["simulator", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capfd.readouterr().err

    return call


def recording(*rows: str) -> str:
    Path("recorded.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return "recorded.csv"


def test_replay_writes_lines_and_the_account(run):
    """The account is for programs as well: every figure under its name."""
    code, said = run("replay", recording(GOOD, "x", GOOD), "--to", "file:out.jsonl.gz", "--account", "account.json")
    assert code == 0
    assert len(gzip.decompress(Path("out.jsonl.gz").read_bytes()).splitlines()) == 2
    account = json.loads(Path("account.json").read_text())
    assert {
        name: account[name] for name in ("read", "produced", "sent", "retried", "refused", "bad_rows", "unsent")
    } == {
        "read": 3,
        "produced": 2,
        "sent": 2,
        "retried": 0,
        "refused": 0,
        "bad_rows": 1,
        "unsent": 0,
    }
    assert "recorded.csv: line 3: 1 columns where the file has 9" in said
    (kept,) = rejects_of("recorded.csv").read_text().splitlines()
    assert (json.loads(kept)["line"], json.loads(kept)["text"]) == (3, "x\n")


def test_a_bad_row_is_kept_once_however_often_the_replay_goes_on(run):
    """Rows behind the last one acknowledged are read again; the second time is after a kill in the middle of one."""
    words = ("replay", recording(GOOD, "x", GOOD, "x", "x"), "--to", "file:out.jsonl")
    run(*words)
    rejects = rejects_of("recorded.csv")
    run(*words, "--resume")
    assert lines_in(rejects) == [3, 5, 6]
    first = next(iter(Recording(Path("recorded.csv"))))
    ProgressFile(runs.STATE_FOLDER, source=Path("recorded.csv"), target=words[-1], save_every_seconds=0).note(
        first, written_bytes=len(first.data) + 1
    )
    with rejects.open("a") as file:
        file.write('{"reason": "half an ent')
    assert run(*words, "--resume")[0] == 0
    assert lines_in(rejects) == [3, 5, 6]
    assert len(Path("out.jsonl").read_bytes().splitlines()) == 2


def test_the_bad_rows_of_two_files_of_one_name_are_kept_apart(run):
    """Every shop has a file of the same month: what was kept of one is neither deleted nor cut by a run of another."""
    for folder, rows in (("one", [GOOD, "x"]), ("two", ["y", GOOD, "y"])):
        Path(folder).mkdir()
        Path(recording(*rows)).rename(Path(folder, "recorded.csv"))
    for folder, more in (("one", []), ("two", []), ("one", ["--resume"])):
        assert run("replay", f"{folder}/recorded.csv", "--to", "file:out.jsonl", *more)[0] == 0
    assert sorted(map(lines_in, runs.STATE_FOLDER.glob("*.rejects.jsonl"))) == [[2, 4], [3]]


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_the_bad_rows_of_another_file_are_left_alone(run, more: list[str]):
    """They may be all that is left of rows that somebody is going to mend."""
    for name in ("one.csv", "two.csv"):
        Path(recording(GOOD, "x")).rename(name)
    words = ("--to", "file:out.jsonl", "--rejects", "rejects.jsonl")
    run("replay", "two.csv", *words[:2])
    run("replay", "one.csv", *words)
    kept = Path("rejects.jsonl").read_bytes()
    code, said = run("replay", "two.csv", *words, *more)
    assert (code, Path("rejects.jsonl").read_bytes()) == (1, kept)
    assert said.endswith(
        f"rejects.jsonl holds the bad rows of {Path('one.csv').resolve()}: name another file with --rejects\n"
    )
    assert run("replay", "../" + Path.cwd().name + "/one.csv", *words, *more)[0] == 0


@pytest.mark.parametrize("rows", [["x"] * 9, [GOOD, *["x"] * 9], [*["x"] * 6, GOOD, "x"]])
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stops_also_among_bad_rows_and_goes_on_rightly(run, monkeypatch, rows: list[str], asked: signal.Signals):
    """Half a million of them took 17 seconds to be left; what was kept is kept once in the end, and nothing is lost."""
    words = ("replay", recording(*rows, GOOD), "--to", "file:out.jsonl", "--account", "account.json")

    class Asked(KeptFile):
        def keep(self, data: bytes, *, reason: str, **origin: str | int) -> None:
            super().keep(data, reason=reason, **origin)
            if self.count == 4:
                signal.raise_signal(asked)

    with monkeypatch.context() as patched:
        patched.setattr(runs, "KeptFile", Asked)
        code, said = run(*words)
    account = json.loads(Path("account.json").read_text())
    assert (code, account["bad_rows"], account["unsent"], account["interrupted"]) == (130, 4, 0, True)
    assert account["sent"] == len(Path("out.jsonl").read_bytes().splitlines()) == rows[:4].count(GOOD)
    assert f"4 bad rows are kept in {rejects_of('recorded.csv')}" in said
    assert run(*words, "--resume")[0] == 0
    assert lines_in(rejects_of("recorded.csv")) == [line for line, row in enumerate(rows, 2) if row == "x"]
    assert len(Path("out.jsonl").read_bytes().splitlines()) == rows.count(GOOD) + 1


def test_bad_rows_move_the_bar(run, monkeypatch):
    """A bar that stands still looks like a run that hangs."""
    seen: list[tuple[float, int | None]] = []

    @contextmanager
    def bar(_: str):
        yield lambda fraction, count: seen.append((fraction, count))

    monkeypatch.setattr(console, "bar", bar)
    monkeypatch.setattr(runs, "BAD_ROWS_BETWEEN_REPORTS", 2)
    run("replay", recording(*["x"] * 5), "--to", "file:out.jsonl")
    assert [count for _, count in seen] == [None, None, 0]


def test_a_name_that_is_no_utf_8_is_no_obstacle(run):
    """File names are bytes; the entry holds a name by which the file is found again."""
    name = os.fsdecode(b"caf\xe9.csv")
    Path(recording(GOOD, "x")).rename(name)
    words = ("replay", name, "--to", "file:out.jsonl")
    for more in ([], ["--resume"]):
        code, said = run(*words, *more)
        assert code == 0
        assert "caf\\udce9.csv: line 3: 1 columns" in said
    (kept,) = rejects_of("caf*").read_text().splitlines()
    assert Path(json.loads(kept)["file"]).samefile(name)


@pytest.mark.parametrize("name", ["[red]x.csv", os.fsdecode(b"caf\xe9.csv")])
def test_the_bar_shows_a_name_as_it_is(monkeypatch, name: str):
    """Brackets mean nothing in a file's name."""
    screen = BytesIO()
    out = TextIOWrapper(screen, encoding="utf-8")
    monkeypatch.setenv("TERM", "xterm")  # on a dumb one nothing is drawn
    monkeypatch.setattr(console, "CONSOLE", Console(file=out, force_terminal=True, width=200, highlight=False))
    with console.bar(name) as show:
        show(0.5, 7)
        show(0.6, None)
    out.flush()
    shown = screen.getvalue().decode()
    assert name.encode(errors="backslashreplace").decode() in shown
    assert "7 records" in shown


def test_a_file_of_something_else_is_not_cut_back(run):
    """Going on must not cut what somebody else wrote."""
    words = ("replay", recording(GOOD), "--to", "file:out.jsonl")
    run(*words)
    Path("notes.txt").write_text("one\ntwo\n")
    code, said = run(*words, "--resume", "--rejects", "notes.txt")
    assert (code, Path("notes.txt").read_text()) == (1, "one\ntwo\n")
    assert "notes.txt holds something else than bad rows" in said


@pytest.mark.parametrize("content", ["one\ntwo\n", "one", '{"reason": "late"}\n', "[1]\n"])
@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_a_file_of_something_else_is_left_alone(run, content: str, more: list[str]):
    """Starting anew takes away what an earlier run kept, and going on cuts it: never what somebody else wrote."""
    words = ("replay", recording(GOOD), "--to", "file:out.jsonl")
    run(*words)
    Path("notes.txt").write_text(content)
    code, said = run(*words, *more, "--rejects", "notes.txt")
    assert (code, Path("notes.txt").read_text()) == (1, content)
    assert said == "simulator: notes.txt holds something else than bad rows: name another file with --rejects\n"
    assert run(*words, "--resume")[1].startswith("recorded.csv: going on after line 2")


@pytest.mark.parametrize("left", ["", '{"reason": "half an ent', '{"rea'])
def test_what_a_kill_left_of_the_bad_rows_is_begun_anew(run, left: str):
    """It is the simulator's own, though no entry."""
    Path("rejects.jsonl").write_text(left)
    assert run("replay", recording(GOOD, "x"), "--to", "file:out.jsonl", "--rejects", "rejects.jsonl")[0] == 0
    assert lines_in(Path("rejects.jsonl")) == [3]
    run("replay", recording(GOOD), "--to", "file:out.jsonl", "--rejects", "rejects.jsonl")
    assert not Path("rejects.jsonl").exists()


def test_bad_rows_that_nobody_wants_take_no_device_away(run):
    """Somebody who may delete /dev/null would have none afterwards."""
    Path("null").symlink_to("/dev/null")
    code, _ = run("replay", recording(GOOD, "x"), "--to", "file:out.jsonl", "--rejects", "null", "--account", "null")
    assert (code, Path("null").is_symlink()) == (0, True)


@pytest.mark.parametrize("name", ["recorded.csv", "build/../recorded.csv", "symbolic.csv", "hard.csv"])
@pytest.mark.parametrize("option", ["--to=file:", "--rejects=", "--refused=", "--account="])
def test_the_recording_is_not_written_to(run, option: str, name: str):
    """Months of traffic would be gone for a word too many on the command line, whatever the file is called there."""
    Path("build").mkdir()
    content = Path(recording(GOOD, "x")).read_text()
    Path("symbolic.csv").symlink_to("recorded.csv")
    Path("hard.csv").hardlink_to("recorded.csv")
    code, said = run("replay", "recorded.csv", "--to", "file:out.jsonl", option + name)
    assert (code, Path("recorded.csv").read_text()) == (1, content)
    option = option.partition("=")[0]
    assert f"{name} is named twice, as " in said
    assert {"FILE", option} <= set(said.replace(":", "").split())
    assert said.count("\n") == 1
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("before", [None, "of old"])
@pytest.mark.parametrize("option", ["--truth", "--refused", "--account"])
def test_one_file_is_not_written_twice(run, option: str, before: str | None):
    """The truth in the place of the records is the loss of both."""
    if before:
        Path("x").write_text(before)
    code, said = run("generate", "--events", "1", "--no-sale", "--attacks", "none", "--to", "file:x", option, "./x")
    assert (code, said) == (1, f"simulator: x is named twice, as --to and as {option}: name another file\n")
    assert (Path("x").read_text() if Path("x").exists() else None) == before


def rejects_of(name: str) -> Path:
    (path,) = runs.STATE_FOLDER.glob(f"{name}-*.rejects.jsonl")
    return path


def lines_in(rejects: Path) -> list[int]:
    return [json.loads(entry)["line"] for entry in rejects.read_text().splitlines()]


def test_a_bad_row_can_stop_the_replay(run):
    """What came before it is sent."""
    code, said = run("replay", recording(GOOD, "x"), "--to", "file:out.jsonl", "--on-bad-row", "stop")
    assert code == 1
    assert said.splitlines()[-1] == "simulator: recorded.csv: line 3: 1 columns where the file has 9"
    assert len(Path("out.jsonl").read_bytes().splitlines()) == 1


def test_a_replay_of_nothing_but_bad_rows_has_failed(run):
    """A script goes by the exit code, and waits for events that never come."""
    words = ("replay", recording("x", "y"), "--to", "file:out.jsonl", "--account", "account.json")
    for more in ([], ["--resume"]):
        code, said = run(*words, *more)
        assert code == 1
        assert said.splitlines()[-1] == "simulator: recorded.csv: nothing was sent: every row is bad"
        assert f"2 bad rows are kept in {rejects_of('recorded.csv')}, with the reasons" in said
        assert json.loads(Path("account.json").read_text())["bad_rows"] == 2


def test_a_replay_that_has_nothing_left_to_send_is_no_failure(run):
    """What was there to send has been sent, though bad rows stand behind it; and no rows are no bad ones."""
    words = ("replay", recording(GOOD, "x"), "--to", "file:out.jsonl")
    assert run(*words)[0] == 0
    code, said = run(*words, "--resume")
    assert code == 0
    assert "sent 0, retried 0, refused 0, bad rows 1" in said
    code, said = run("replay", recording(), "--to", "file:out.jsonl")
    assert (code, said.splitlines()[-1]) == (0, "recorded.csv: nothing was sent: there is no row in it")


@pytest.mark.parametrize("command", [["generate", "--truth", "truth.json"], ["replay", "recorded.csv"]])
def test_a_reader_who_has_seen_enough_ends_the_run_in_peace(run, command: list[str]):
    """As in `| head -1`: nothing is wrong; what was not taken is unsent, and the truth is not complete."""
    recording(*[GOOD] * 30_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *command, "--account", "account.json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event_id"]
    process.stdout.close()
    _, said = process.communicate(timeout=300)
    account = json.loads(Path("account.json").read_text())
    assert (process.returncode, len(said.splitlines()), account["unsent"] > 0) == (0, 1, True), said
    assert said.startswith(b"produced ")
    assert not Path("truth.json").exists() or not json.loads(Path("truth.json").read_text())["complete"]


def test_an_endpoint_without_its_scheme_is_answered_with_one_line(run, monkeypatch):
    """The one who types it knows the port, and nothing of boto3."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    code, said = run("replay", recording(GOOD), "--to", "kinesis:x")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("simulator: Invalid endpoint: localhost:4566: AWS_ENDPOINT_URL, where it is set, is an")


def test_generate_writes_the_truth_beside_the_records(run):
    """The truth counts the lines of the file."""
    arguments = ("--events", "500", "--attacks", "request_flood=1", "--no-sale", "--truth", "truth.json")
    code, _ = run("generate", "--to", "file:out.jsonl", *arguments)
    truth = json.loads(Path("truth.json").read_text())
    assert code == 0
    assert truth["produced"] == len(Path("out.jsonl").read_bytes().split(b"\n")) - 1
    assert [attack["family"] for attack in truth["attacks"]] == ["request_flood"]
    assert truth["complete"] is True


class ToldSink:
    """Takes everything, but for what it is told to do in the end."""

    def __init__(self, ending: str) -> None:
        self.sent = self.retried = self.refused = 0
        self._ending = ending

    def write(self, _: Record) -> bool:
        self.sent += 1
        return False

    def flush(self) -> None:
        if self._ending == "one is refused":
            self.sent, self.refused = self.sent - 1, 1
        if self._ending == "one is unsent":
            self.sent -= 1
            raise SinkFault("gave up")
        if self._ending == "interrupted":
            signal.raise_signal(signal.SIGINT)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("ending", "code", "complete"),
    [("all is sent", 0, True), ("one is refused", 3, False), ("one is unsent", 1, False), ("interrupted", 130, False)],
)
def test_the_truth_is_complete_only_where_all_was_sent(run, monkeypatch, ending: str, code: int, complete: bool):
    """Whoever holds a lake against it must know that something is missing."""
    monkeypatch.setattr(runs, "open_sink", lambda *_, **__: ToldSink(ending))
    found, _ = run("generate", "--events", "50", "--attacks", "none", "--no-sale", "--truth", "truth.json")
    assert (found, json.loads(Path("truth.json").read_text())["complete"]) == (code, complete)


def test_generate_stops_also_before_anything_counts(run, monkeypatch):
    """People come for twenty minutes before the first record: with many of them that takes long."""
    visits: list[int] = []

    def browse(*about: Any) -> list[Act]:
        visits.append(about[2])
        signal.raise_signal(signal.SIGTERM)
        return people_browse(*about)

    people_browse = people.browse
    monkeypatch.setattr(people, "browse", browse)
    words = ("--hours", "1", "--attacks", "none", "--no-sale", "--truth", "truth.json")
    code, said = run("generate", "--to", "file:out.jsonl", *words)
    assert (code, len(visits)) == (130, 1)
    assert said.startswith("produced 0, sent 0")
    assert json.loads(Path("truth.json").read_text())["complete"] is False


def test_generate_plants_what_is_asked_for(run):
    """Families, variants and look-alikes are named on the command line as they are in the truth."""
    arguments = (
        "--hours",
        "4",
        "--events",
        "50",
        "--no-sale",
        "--attacks",
        "metronome=2, many_accounts=1",
        "--held-out",
    )
    code, _ = run(
        "generate", "--to", "file:out.jsonl", *arguments, "--look-alikes", "family=2", "--truth", "truth.json"
    )
    truth = json.loads(Path("truth.json").read_text())
    assert code == 0
    assert [(attack["family"], attack["variant"] == "usual") for attack in truth["attacks"]] == [
        ("metronome", False),
        ("metronome", True),
        ("many_accounts", True),
    ]
    assert [other["name"] for other in truth["look_alikes"]] == ["family", "family"]
    assert truth["options"]["held_out"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replay", "nope.csv"], "nope.csv: no such file"),
        (["replay", "."], "Is a directory"),
        (
            ["replay", "other.csv"],
            "other.csv: line 1 is 'a,b', which begins no known layout: kaggle, taobao, uci-retail",
        ),
        (["replay", "recorded.csv", "--layout", "uci-retail"], "expected the header InvoiceNo,StockCode,"),
        (["replay", "recorded.csv", "--layout", "excel"], "--layout"),
        (["replay", "recorded.csv", "--to", "s3:x"], "expected kinesis:STREAM, file:PATH or stdout"),
        (["replay", "recorded.csv", "--to", "file:/dev/null/x"], "cannot be written"),
        (["replay", "recorded.csv", "--to", "file:/dev/null"], "/dev/null cannot be written"),
        (["replay", "recorded.csv", "--to", "kinesis:x"], "no AWS credentials"),
        (["replay", "recorded.csv", "--rate", "0"], "--rate is 0, expected more than 0"),
        (["replay", "recorded.csv", "--rate", "1", "--speed", "2"], "exclude each other"),
        (["replay", "recorded.csv", "--rate", "fast"], "--rate"),
        (["replay", "recorded.csv", "--bogus"], "--bogus"),
        (["replay"], "file"),
        (["bogus"], "bogus"),
        (["generate", "--attacks", "flood"], "family=count"),
        (["generate", "--hours", "1"], "too short"),
        (["generate", "--attacks", "slow_scraping=1", "--hours", "3", "--no-sale"], "ask for --hours 3.1"),
        (["generate", "--attacks", "ghosts=1"], "'ghosts' is no family of attacks: request_flood, "),
        (["generate", "--look-alikes", "office"], "name=count"),
        (["generate", "--look-alikes", "night_workers=1"], "choose another --start, or --hours 24"),
        (["generate", "--late", "2"], "share from 0 to 0.3"),
        (["generate", "--hours", "0.0000001"], "hours is 1e-07, expected at least 0.0167, a minute"),
        (["generate", "--start", "1999-12-31"], "expected all hours to be in the years 2000 to 2099"),
        (
            ["generate", "--to", "file:x", "--truth", "/dev/null/x", "--events", "1", "--no-sale", "--attacks", "none"],
            "/dev/null/x cannot be written",
        ),
        (["sample", "nope.csv", "out.csv", "--users", "0.1"], "no such file"),
        (["sample", "other.csv", "out.csv", "--users", "0.1"], "expected the header event_time,event_type,"),
        (["sample", "recorded.csv", "out.csv", "--users", "2"], "expected a fraction"),
        (["sample", "recorded.csv", "recorded.csv", "--users", "0.1"], "name another target"),
        (["sample", "recorded.csv", "/dev/null/x", "--users", "0.1"], "cannot be written"),
    ],
)
def test_a_mistake_is_answered_with_one_line(run, arguments: list[str], message: str):
    """No traceback, no page of usage: what is wrong, and what would be right."""
    recording(GOOD)
    Path("other.csv").write_text("a,b\n1,2\n")
    code, said = run(*arguments)
    (line,) = [line for line in said.splitlines() if not line.startswith("produced ")]
    assert code in (1, 2)
    assert line.startswith("simulator: ")
    assert message in line


@pytest.mark.parametrize("command", [replay, generate, sample])
def test_every_option_is_explained(command):
    """A customer reads the help first."""
    for name, hint in get_type_hints(command, include_extras=True).items():
        if name != "return":
            assert any(getattr(detail, "help", None) for detail in hint.__metadata__), name


def test_sample_keeps_users_whole(run):
    """A visit cut in two would be two strange visits; the fraction is of users."""
    rows = [
        GOOD.replace(",7,", f",{user},").replace("view,1", f"view,{visit}") for visit in "123" for user in range(999)
    ]
    for target in ("a.csv", "b.csv.gz"):
        code, said = run("sample", recording(*rows, "x"), target, "--users", "0.3")
        assert code == 0
        assert "1 bad rows left out" in said
    kept = Path("a.csv").read_text().splitlines()
    assert gzip.decompress(Path("b.csv.gz").read_bytes()).decode().splitlines() == kept
    users = {row.split(",")[7] for row in kept[1:]}
    assert kept == [HEADER, *(row for row in rows if row.split(",")[7] in users)]
    assert 200 < len(users) < 400


def test_a_sample_writes_over_nothing_but_its_target(run):
    """What it writes into meanwhile has a name of its own: the source may be called like anything."""
    source = Path(recording(GOOD)).rename("out.csv.partial")
    content = source.read_text()
    for _ in range(2):
        assert run("sample", str(source), "out.csv", "--users", "1")[0] == 0
    assert sorted(path.name for path in Path().iterdir()) == ["out.csv", "out.csv.partial"]
    assert source.read_text() == Path("out.csv").read_text() == content


def test_a_sample_takes_no_device_away(run):
    """Renaming a file to /dev/null would leave everybody without one."""
    os.mkfifo("pipe")
    code, said = run("sample", recording(GOOD), "pipe", "--users", "1")
    assert (code, Path("pipe").is_fifo()) == (1, True)
    assert said == "simulator: pipe cannot be written: it is no file\n"


@pytest.mark.parametrize("cut", [0, 1, 30, 60])
@pytest.mark.parametrize("row", [GOOD, GOOD.replace(",b,", ',"a, b",')])
def test_a_last_row_without_a_line_break_is_in_a_sample_if_it_would_be_replayed(run, row: str, cut: int):
    """Some tools end a file without one; half a row is another matter."""
    Path("recorded.csv").write_text("\n".join([HEADER, GOOD, row[: len(row) - cut]]))
    replayed = list(Recording(Path("recorded.csv"), bad_row=lambda *_: None))
    code, said = run("sample", "recorded.csv", "out.csv", "--users", "1")
    assert (code, len(replayed)) == (0, 1 if cut else 2)
    assert f"kept {len(replayed)} of 2 rows, {2 - len(replayed)} bad rows left out" in said
    assert list(Recording(Path("out.csv"))) == replayed


def test_a_sample_of_a_truncated_file_leaves_nothing_behind(run):
    """Half a sample looks like a whole one."""
    whole = gzip.compress("\n".join([HEADER, *[GOOD] * 50_000]).encode())
    Path("cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    code, said = run("sample", "cut.csv.gz", "out.csv", "--users", "1")
    assert code == 1
    assert "cut off" in said
    assert not list(Path().glob("out.csv*"))
