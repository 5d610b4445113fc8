"""What is typed at the evaluation is a number, a threshold or a path, or is refused."""

import pytest
from hostile import PATHS, WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from evaluation.__main__ import app


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path, monkeypatch):
    """Run in an empty folder, which is empty afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("command", ["gate", "measure"])
@pytest.mark.parametrize("option", ["--seeds", "--threshold"])
def test_seeds_and_thresholds_are_numbers(command, option):
    """Neither is evaluated as what it looks like."""
    for word in WORDS:
        refused_in_one_line(CliRunner().invoke(app, [command, f"{option}={word}", "--hours=1", "--events=1"]))


def test_a_work_folder_that_cannot_be_is_refused():
    """The reports go where they are told to, or nowhere."""
    for path in (path for path in PATHS if path.startswith(("/dev", "a" * 300))):
        refused_in_one_line(CliRunner().invoke(app, ["measure", f"--work-dir={path}", "--hours=1", "--events=1"]))


def test_a_page_that_cannot_be_is_refused_before_anything_is_measured():
    """Hours of measurement must not be lost to a folder that is not there."""
    for path in ("no/such/x.md", "/dev/full/x.md", "a" * 300, "."):
        ran = CliRunner().invoke(app, ["measure", "--work-dir=.", f"--page={path}", "--hours=1"])
        refused_in_one_line(ran)
        assert ran.exit_code == 2, "what was typed is at fault, and no hour was begun, which would be too short"


@pytest.mark.parametrize("seeds", ["1,1", "2,1,02"])
def test_a_seed_twice_is_refused(seeds):
    """The same day would count twice, and every interval would be too narrow."""
    said = refused_in_one_line(CliRunner().invoke(app, ["gate", "--seeds", seeds, "--hours=1"]))
    assert "twice" in said
