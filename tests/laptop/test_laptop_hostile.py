"""Paths given to the laptop's commands are paths: nothing is run, ended or written elsewhere.

And what is in a file that is named is read, or refused in a line.
"""

import json

import pytest
from hostile import DOCUMENTS, HOURS, PATHS, WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from laptop.__main__ import application


@pytest.mark.parametrize("command", ["down", "status"])
def test_a_folder_where_nothing_runs_is_said_and_left_alone(tmp_path, monkeypatch, command):
    """A command that ends processes must take them from its own notes only."""
    monkeypatch.chdir(tmp_path)
    for path in PATHS:
        if path:
            result = CliRunner().invoke(application(), [command, f"--work-dir={path}"])
            assert result.exception is None or isinstance(result.exception, SystemExit), (path, result.exception)
            assert len(path) > 200 or "Nothing is running" in " ".join(result.output.split()), path
            assert left_alone(tmp_path) == {}, path


@pytest.mark.parametrize("note", ["", "[]", "{", json.dumps({"group": "1; touch pwned"}), "\x00"])
def test_notes_that_were_tampered_with_end_nothing(tmp_path, monkeypatch, note):
    """Whoever can write the notes could otherwise choose which process is ended."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(application(), ["down", "--work-dir=."]).exit_code == 0
    assert left_alone(tmp_path) == {}


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """Return what calls `ledger` in an empty folder that stays so; no laptop runs there."""
    monkeypatch.chdir(tmp_path)
    yield lambda *words: CliRunner().invoke(application(), ["ledger", "--work-dir=.", *words])
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_an_hour_of_the_ledger_is_an_hour(ledger, option):
    """A balance of other hours than were meant would be believed."""
    for hour in HOURS:
        assert "Nothing is running" not in refused_in_one_line(ledger(f"{option}={hour}"))


@pytest.mark.parametrize("option", ["--sent", "--truth", "--work-dir"])
def test_a_file_or_folder_of_the_ledger_that_is_not_there_is_said(ledger, option):
    """It is opened as it is written, by no shell, and what else is in it is not shown."""
    for path in (*filter(None, PATHS), "/etc/passwd"):
        assert "root:" not in refused_in_one_line(ledger(f"{option}={path}"))


def test_a_format_of_the_ledger_is_of_the_two(ledger):
    """Anything else would be printed as something else."""
    for word in WORDS:
        refused_in_one_line(ledger(f"--format={word}"))


NO_COUNTS = ("x", "3", None, -1, 2.5, True, [1], {"a": 1})


@pytest.mark.parametrize("count", NO_COUNTS, ids=str)
def test_an_account_has_a_number(ledger, tmp_path_factory, count):
    """A producer's account that says nothing must not balance, nor be taken for a record that was sent."""
    account = tmp_path_factory.mktemp("given") / "account.json"
    account.write_text(json.dumps({"produced": 3, "sent": count}))
    assert "account" in refused_in_one_line(ledger(f"--sent={account}")).splitlines()[-1].replace(str(account), "")


@pytest.mark.parametrize("part", ["events", "duplicates", "poison", "not_utf8"])
@pytest.mark.parametrize("count", NO_COUNTS, ids=str)
def test_a_truth_has_numbers(ledger, tmp_path_factory, part, count):
    """What is no number cannot be what was meant."""
    truth = {"events": 3, "duplicates": 1, "poison": {"not_utf8": 1}}
    (truth["poison"] if part == "not_utf8" else truth)[part] = (
        ["a"] if part == "poison" and count == {"a": 1} else count
    )
    file = tmp_path_factory.mktemp("given") / "truth.json"
    file.write_text(json.dumps(truth))
    assert "is no truth" in refused_in_one_line(ledger(f"--truth={file}"))


@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_a_file_of_anything_is_read_or_refused(ledger, tmp_path_factory, text):
    """As records that were sent, since producers send anything; as a truth, not at all."""
    file = tmp_path_factory.mktemp("given") / "given.json"
    file.write_text(text)
    assert "Nothing is running" in refused_in_one_line(ledger(f"--sent={file}"))
    assert "Nothing is running" not in refused_in_one_line(ledger(f"--truth={file}"))


def test_a_demonstration_of_a_file_that_is_not_there_starts_nothing(tmp_path, monkeypatch):
    """It would be minutes until the simulator said so."""
    monkeypatch.chdir(tmp_path)
    for path in (path for path in PATHS if 0 < len(path) < 200 and not path.startswith("/proc")):
        ran = CliRunner().invoke(application(), ["demo", f"--input={path}"])
        assert isinstance(ran.exception, SystemExit), (path, ran.exception)
        assert (ran.exit_code, "is not there" in " ".join(ran.output.split())) == (1, True), path
    assert left_alone(tmp_path) == {}
