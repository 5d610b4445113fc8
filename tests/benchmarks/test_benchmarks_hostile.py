"""What is typed at the benchmarks is a number, or is refused before anything is measured."""

import pytest
from hostile import WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from benchmarks.__main__ import app

NUMBERS = {
    "lake": ("--rows", "--runs", "--days", "--spark-up-to", "--pandas-up-to", "--day-after"),
    "detector": ("--events", "--runs"),
    "alert": ("--attackers", "--seconds"),
    "simulator": ("--lines", "--runs"),
    "responder": ("--runs",),
}


def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path, monkeypatch):
    """It took half an hour until it was."""
    monkeypatch.chdir(tmp_path)
    for page in ("nowhere/page.md", "."):
        refused_in_one_line(CliRunner().invoke(app, ["responder", f"--page={page}", "--work-dir=work"]))
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("command", NUMBERS)
def test_numbers_are_numbers(tmp_path, monkeypatch, command):
    """None is evaluated as what it looks like."""
    monkeypatch.chdir(tmp_path)
    for option in NUMBERS[command]:
        for word in WORDS:
            refused_in_one_line(CliRunner().invoke(app, [command, f"{option}={word}", "--work-dir=work"]))
    assert left_alone(tmp_path) == {}
