"""Paths given to the laptop's commands are paths: nothing is run, ended or written elsewhere."""

import json

import pytest
from hostile import PATHS, left_alone
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
