"""The report of `make bench` and its page: parts come one by one, and nothing on the page is typed by hand."""

import json
from dataclasses import replace

import pytest

from benchmarks.aims import Aim, aims
from benchmarks.performance_page import SECTIONS, page
from benchmarks.report import PARTS, merge, read_report

RATE = {
    "events_per_second": 1.0,
    "events_per_cpu_second": 1.0,
    "events": [1, 4],
    "seconds": [[1.0] * 3] * 2,
    "peak_bytes": 1,
}
DRIVEN = {"events": 10, "events_per_second": 301_234.0, "peak_bytes": 2**27}
CALLS = {"milliseconds": 1.0, "calls": {"PutItem": 2000}, "calls_in_all": 2000}
DELAYS = {"p50": 1.0, "p95": 2.0, "p99": 3.5}
MEASURED = {
    "detector": {
        "events_per_second": 54_321.0,
        "parse_only": 80_000.0,
        "naive_sql": 7_000.0,
        "python_operator": 1_500.0,
        "hot_key": 50_000.0,
        "same_incidents": True,
        "incidents": {"events": 9, "incidents": 17, "rules": ["a", "b"], "missing": 0, "additional": 0},
        "checkpoints": {"completed": 0},
        "runs": dict.fromkeys(("detector", "parse_only", "naive_sql", "python_operator", "hot_key", "with_risk"), RATE),
        "traffic_events_per_second": 100,
    },
    "alert": {
        **DELAYS,
        **dict.fromkeys(("row", "wait", "pipeline_to_row", "pipeline_to_alert"), DELAYS),
        "attackers": 9,
        "told": 9,
        "sustainable_events_per_second": 800.0,
        "events_per_second": 400.0,
    },
    "simulator": {
        **dict.fromkeys(("replay_to_file", "generate_to_file", "replay_to_kinesis", "generate_to_kinesis"), DRIVEN),
        "replay_of_more": {**DRIVEN, "rows": 40},
    },
    "responder": {**CALLS, "incidents": 1000, "naive": CALLS, "import_milliseconds": 345.0},
    "start": {"demo_seconds": 123.0, "steps": {"send": 20.0}},
}


@pytest.fixture
def report(tmp_path) -> dict:
    for part, measured in MEASURED.items():
        merge(tmp_path / "report.json", part, measured, load_before=0.1, seconds=2)
    return read_report(tmp_path / "report.json")


def test_a_part_measured_again_leaves_the_others(report, tmp_path):
    """Each part can be measured by itself, and the report keeps what is known of the rest."""
    again = merge(tmp_path / "report.json", "start", {"demo_seconds": 99.0, "steps": {}}, load_before=0.1, seconds=1)
    assert again["start"] == {"demo_seconds": 99.0, "steps": {}}
    assert {**again, "start": None, "measured": None} == {**report, "start": None, "measured": None}
    assert json.loads((tmp_path / "report.json").read_text()) == again


def test_the_report_has_the_keys_that_others_read(report):
    """Its shape is fixed: a comparison over time reads it."""
    assert set(PARTS.values()) <= report.keys()
    assert {"events_per_second", "parse_only", "naive_sql", "python_operator", "hot_key", "same_incidents"} <= report[
        "detector"
    ].keys()
    assert {"p50", "p95", "p99"} <= report["alert_seconds"].keys()


def test_the_page_shows_every_part_with_its_figures(report):
    """A figure on the page is one of the report."""
    text = page(report)
    assert set(SECTIONS) == set(PARTS.values())
    for shown in ("54,321", "| 3.5 |", "301,234", "PutItem 2,000", "| 123 |", "17 of 2 rules"):
        assert shown in text


def test_the_page_leaves_out_what_was_not_measured(report):
    """A part alone has a page too; no empty table stands for the others."""
    text = page({key: value for key, value in report.items() if key in ("machine", "responder", "measured")})
    assert "## The responder" in text
    assert "## The detector" not in text


def test_an_aim_that_is_missed_says_by_how_much(report):
    """The reader must not have to divide."""
    found = {aim.what: aim for aim in aims(report)}
    assert not found["the detector"].met
    assert found["the detector"].apart == "by a factor of 1.8"
    assert found["replay to a file"].met
    assert "missed by a factor of 1.8" in page(report)


def test_a_bound_itself_is_within_it():
    """At least and at most include the number that is named."""
    aim = Aim(what="x", measured=3, limit=3, unit="s")
    assert aim.met
    assert replace(aim, at_least=True).met
    assert not replace(aim, measured=3.01).met
    assert not replace(aim, measured=2.99, at_least=True).met


def test_other_incidents_are_shouted_about(report):
    """A rate beside a wrong answer compares with nothing."""
    report["detector"]["same_incidents"] = False
    assert "**other** incidents" in page(report)
