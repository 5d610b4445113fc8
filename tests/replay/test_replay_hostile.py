"""What is typed at the detector's command line is read before anything is asked of a bucket."""

import pytest
from hostile import HOURS, PATHS, WORDS, left_alone, refused_in_one_line
from typer.testing import CliRunner

from flink_app.__main__ import app

GIVEN = {"--from": "2025-03-03T08", "--to": "2025-03-03T09", "--raw-bucket": "nobodys-bucket"}


@pytest.fixture
def replay(tmp_path, monkeypatch):
    """Return what calls `replay` with some of the options changed, in an empty folder that stays so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def call(**options: str):
        words = GIVEN | {f"--{name.replace('_', '-')}": text for name, text in options.items()}
        return CliRunner().invoke(app, ["replay", *(f"{name}={text}" for name, text in words.items())])

    yield call
    assert left_alone(tmp_path) == {}


@pytest.mark.parametrize("option", ["from", "to"])
def test_an_hour_is_an_hour(replay, option):
    """It becomes the prefix of what is read."""
    for day in ("", *HOURS):
        refused_in_one_line(replay(**{option: day}))


def test_hours_before_are_a_number_of_hours_that_the_calendar_has(replay):
    """What is read along begins at the first hour less these."""
    for word in (*WORDS, "-1", "9" * 20):
        refused_in_one_line(replay(warm_up_hours=word))


def test_rules_are_read_from_a_file_of_thresholds(replay):
    """Whatever else is in the file is not shown."""
    for path in (*PATHS, "/etc/passwd"):
        if path:
            assert "root:" not in refused_in_one_line(replay(rules=path))


def test_a_network_is_a_network(replay):
    """Networks stand in the detector's SQL."""
    for word in WORDS:
        refused_in_one_line(replay(known_network=word))


def test_a_bucket_has_the_name_of_a_bucket(replay):
    """A name with slashes would reach into another bucket's path."""
    for name in ("../x", "a b", "$(touch pwned)", "'; DROP TABLE x"):
        refused_in_one_line(replay(raw_bucket=name))


@pytest.mark.parametrize("text", ["x = 1", "[a]\nb = 'c; touch pwned'", "[request_flood]\nevents = [1]", "\x00", "[["])
def test_a_threshold_is_a_number_of_a_rule(replay, tmp_path_factory, text):
    """Thresholds stand in the detector's SQL too."""
    rules = tmp_path_factory.mktemp("rules") / "rules.toml"
    rules.write_text(text)
    refused_in_one_line(replay(rules=str(rules)))
