"""Stored traffic judged again: the same rules say the same, other rules say what they would change."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lake_rig import new_bucket, put
from typer.testing import CliRunner

from commerce.incident import to_line as incident_line
from flink_app.__main__ import app
from flink_app.replay import rerun
from flink_app.replay.stored import Stored
from flink_app.settings import DetectorSettings
from simulator.generate import records
from simulator.options import Options

HOUR = "2026/03/01/09"
LATER_HOUR = "2026/03/01/12"
ARRIVED = datetime(2026, 3, 1, 9, tzinfo=UTC)


def shop() -> list[bytes]:
    """Return the records of two hours with a flood and a scraper in them."""
    options = Options(hours=2, events=1500, attacks={"request_flood": 1, "catalogue_scraping": 1}, sale=False)
    return [record.data for record in records(options)]


@pytest.fixture(scope="module")
def bucket(s3, short_lived_java) -> str:
    """Return a bucket with the records in several objects, the incidents found in them, and some of hours later."""
    name = new_bucket()
    lines = shop()
    for number, first in enumerate(range(0, len(lines), 2000)):
        put(name, f"raw/events/{HOUR}/events-{number}.gz", b"\n".join(lines[first : first + 2000]) + b"\n")
    settings = DetectorSettings(region="none", events_stream="none", incidents_stream="none")
    found = rerun.replay(Stored(bucket=name), first=ARRIVED, last=ARRIVED, warm_up=ARRIVED - ARRIVED, settings=settings)
    assert {incident.rule for incident in found.only_now} == {"request_flood", "catalogue_scraping"}
    put(name, f"raw/incidents/{HOUR}/incidents.gz", b"\n".join(map(incident_line, found.only_now)) + b"\n")
    later = [replace(incident, incident_id=f"later-{incident.incident_id}") for incident in found.only_now]
    put(name, f"raw/incidents/{LATER_HOUR}/incidents.gz", b"\n".join(map(incident_line, later)) + b"\n")
    return name


def run(bucket: str, *words: str) -> dict:
    answer = CliRunner().invoke(
        app, ["replay", "--from", "2026-03-01", "--to", "2026-03-01T10", "--raw-bucket", bucket, "--json", *words]
    )
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


def test_the_same_rules_find_the_same_incidents(bucket):
    """Under the same ids: whoever doubts an incident can have it found again.

    What later records led to is none that these could have given, and is not missed.
    """
    found = run(bucket)
    assert (len(found["same"]), found["only_then"], found["only_now"]) == (2, [], [])
    assert found["records"] == len(shop())


def test_other_thresholds_show_what_they_would_change(bucket, tmp_path):
    """Before a threshold is changed for real, stored traffic says what it would have done."""
    (tmp_path / "rules.toml").write_text("[request_flood]\nevents = 100000\n")
    found = run(bucket, "--rules", str(tmp_path / "rules.toml"))
    assert (len(found["same"]), len(found["only_then"]), found["only_now"]) == (1, 1, [])


def test_a_bucket_that_is_not_there_is_refused_in_one_line(s3):
    """A mistyped name is the likeliest mistake of all."""
    asked = ["replay", "--from", "2026-03-01", "--to", "2026-03-01", "--raw-bucket", "no-such-bucket"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 1
    assert "NoSuchBucket" in answer.output
    assert answer.output.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--from", "yesterday"], "'yesterday' is no hour: write 2025-03-03 or 2025-03-03T08"),
        (["--rules", "no-such.toml"], "No such file"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(words, line):
    """A stack trace helps nobody who mistyped a date."""
    answer = CliRunner().invoke(
        app, ["replay", "--from", "2026-03-01", "--to", "2026-03-01", "--raw-bucket", "b", *words]
    )
    assert answer.exit_code == 1
    assert line in answer.output
    assert answer.output.count("\n") == 1
