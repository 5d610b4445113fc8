"""What people type at the allow list is checked before it is written."""

from pathlib import Path

import pytest
from hostile import DAYS, PATHS, WORDS, left_alone, refused_in_one_line
from shop import Shop
from typer.testing import CliRunner

from lambdas.allow.__main__ import app


@pytest.fixture
def allow(shop: Shop, tmp_path, monkeypatch):
    """Return what calls the command in an empty folder; afterwards folder and table are empty."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, table: str = ""):
        options = {"ALLOW_LIST_TABLE": table or shop.settings.allow_list_table}
        return CliRunner().invoke(app, list(words), env=options)

    yield call
    assert left_alone(tmp_path) == {}
    assert shop.dynamodb.scan(TableName=shop.settings.allow_list_table)["Items"] == []


def test_a_type_is_of_the_few_there_are(allow):
    """It is a part of the key."""
    for word in WORDS:
        refused_in_one_line(allow("add", "--until=2036-12-01", "--because=a try", "--", word, "7"))


@pytest.mark.parametrize("kind", ["user", "session", "address", "site"])
def test_a_subject_is_an_id(allow, kind):
    """One that is none would silence nobody, or the wrong one."""
    for word in WORDS:
        if kind in ("address", "site") or not word.isalnum() or not word.isascii():
            refused_in_one_line(allow("add", "--until=2036-12-01", "--because=a try", "--", kind, word))


def test_an_end_is_a_day_or_an_instant(allow):
    """An entry without an end would silence for good."""
    for day in DAYS:
        refused_in_one_line(allow("add", "user", "7", f"--until={day}", "--because=a try"))


def test_a_list_is_read_from_a_file_of_entries(allow):
    """Whatever else is in the file is not shown."""
    for path in (*PATHS, "/etc/passwd"):
        said = refused_in_one_line(allow("apply", "--", path))
        assert "root:" not in said


def test_a_table_that_is_not_there_is_said(allow):
    """Its name goes into no path."""
    for name in ("../x", "a b", "$(touch pwned)", "'; DROP TABLE x", "x" * 300):
        refused_in_one_line(allow("list", table=name))


def test_a_removal_is_of_what_is_there(allow):
    """A pattern is no name."""
    for word in ("*", "%", "user#*", "$(touch pwned)"):
        refused_in_one_line(allow("remove", "user", word))


def test_where_the_tries_are_made(tmp_path: Path):
    """The check after each try must be able to fail."""
    (tmp_path / "pwned").touch()
    assert left_alone(tmp_path)
