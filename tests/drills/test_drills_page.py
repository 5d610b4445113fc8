"""The page tells of the last run in full, and of all before it in a line each."""

import json

from typer.testing import CliRunner

from drills.__main__ import app
from drills.history import with_run
from drills.page import page
from drills.report import Tally


def report(*, program: str = "a1", first: int = 0, schedules: int = 2, **figures: object) -> dict[str, object]:
    numbers = {"first": first, "last": first + schedules - 1}
    days = {"began": "2026-01-01", "ended": "2026-01-02"}
    counts = {"schedules": schedules, "records": 1_000, "incidents": 50, "numbers": numbers}
    named = {"version": "abc123", "program": program}
    return {**Tally(seed=1, first=first).document(), **named, **days, **counts, **figures}


def told(text: str) -> list[list[str]]:
    """Return the rows of the table of all runs."""
    lines = text.partition("## All runs")[2].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


def test_runs_of_other_schedules_and_of_other_versions_stand_beside_each_other(tmp_path):
    """A thousand schedules take more than one run, and what was lost once stays on the page."""
    file = tmp_path / "drills.json"
    with_run(file, report(program="a1", lost=1))
    with_run(file, report(program="b2"))
    runs = with_run(file, report(program="b2", first=2, schedules=3))
    rows = told(page(report(program="b2", first=2, schedules=3), runs))
    assert [row[3] for row in rows] == ["0 to 1", "0 to 1", "2 to 4", "7 schedules"]
    assert [row[6] for row in rows] == ["1", "0", "0", "1"]
    assert [row[4] for row in rows] == ["1,000", "1,000", "1,000", "3,000"]


def test_a_run_that_was_taken_up_is_told_once(tmp_path):
    """What it had come to before is part of it."""
    file = tmp_path / "drills.json"
    with_run(file, report(schedules=2, version="abc123"))
    with_run(file, report(first=9))
    runs = with_run(file, report(schedules=5, version="def456"))
    assert [run["numbers"] for run in runs] == [{"first": 9, "last": 10}, {"first": 0, "last": 4}]
    assert json.loads(file.read_text()) == runs


def test_the_page_of_an_ended_run_is_written_from_its_report(tmp_path):
    """Whoever ends a run of hours keeps what it has found."""
    (tmp_path / "report.json").write_text(json.dumps(report()))
    to_page = tmp_path / "drills.md"
    for _ in range(2):
        assert CliRunner().invoke(app, ["page", str(to_page), "--work-dir", str(tmp_path)]).exit_code == 0
        assert to_page.read_text() == page(report(), json.loads((tmp_path / "drills.json").read_text()))
    assert [row[3] for row in told(to_page.read_text())] == ["0 to 1", "2 schedules"]
