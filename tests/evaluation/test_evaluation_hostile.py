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
