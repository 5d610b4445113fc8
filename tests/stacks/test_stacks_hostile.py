"""What is typed at `python -m stacks` is a stage, a number or a folder of templates, or is refused."""

import pytest
from hostile import PATHS, WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from stacks.__main__ import app


@pytest.fixture
def stacks(tmp_path, monkeypatch):
    """Return what calls the command in an empty folder that stays so."""
    monkeypatch.chdir(tmp_path)
    yield lambda *words: CliRunner().invoke(app, list(words))
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("words", [("cost", "--cdk-out=."), ("left-behind",)], ids=" ".join)
def test_a_stage_is_of_those_there_are(stacks, words):
    """Its name chooses settings, never a module or a file."""
    for word in WORDS:
        refused_in_one_line(stacks(*words, f"--stage={word}"))


def test_a_number_of_events_is_a_number(stacks):
    """It is multiplied with prices, and never evaluated."""
    for word in (*WORDS, "-1", "nan x"):
        refused_in_one_line(stacks("cost", "--cdk-out=.", f"--events-per-day={word}"))


def test_templates_are_looked_for_where_they_are_said_to_be(stacks):
    """A bill without any would be believed."""
    for path in (path for path in PATHS if 0 < len(path) < 200 and "\n" not in path):
        refused_in_one_line(stacks("cost", f"--cdk-out={path}"))
