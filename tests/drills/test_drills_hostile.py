"""What is typed at the drills is a number, or is refused before anything is started."""

import pytest
from hostile import WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from drills.__main__ import app


def test_a_page_that_cannot_be_written_is_told_before_anything_is_started(tmp_path, monkeypatch):
    """It took hours until it was."""
    monkeypatch.chdir(tmp_path)
    for page in ("nowhere/page.md", "."):
        refused_in_one_line(CliRunner().invoke(app, ["run", f"--page={page}", "--work-dir=work"]))
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("option", ["--schedules", "--seed", "--first"])
def test_numbers_are_numbers(tmp_path, monkeypatch, option):
    """None is evaluated as what it looks like."""
    monkeypatch.chdir(tmp_path)
    for word in (*WORDS, "1.5", "one"):
        refused_in_one_line(CliRunner().invoke(app, ["run", f"{option}={word}", "--work-dir=work"]))
    assert left_alone(tmp_path) == {}
