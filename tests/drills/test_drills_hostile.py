"""What is typed at the drills is a number, or is refused before anything is started."""

import pytest
from hostile import WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from drills.__main__ import app


@pytest.mark.parametrize("option", ["--schedules", "--seed", "--first"])
def test_numbers_are_numbers(tmp_path, monkeypatch, option):
    """None is evaluated as what it looks like."""
    monkeypatch.chdir(tmp_path)
    for word in (*WORDS, "1.5", "one"):
        refused_in_one_line(CliRunner().invoke(app, ["run", f"{option}={word}", "--work-dir=work"]))
    assert left_alone(tmp_path) == {}
