"""What is measured is reported: in the fixed shape, in the terminal, and on the page, with the same figures."""

import json

import pytest
from typer.testing import CliRunner

from evaluation.__main__ import app

SHAPE = {
    "f1": float,
    "people": {"sessions": int, "wrongly_flagged": int, "per_10000": float},
    "baseline": {"recall": float, "seconds_to_detect": {"p50": float}, "per_10000": float},
    "certh": {"auc": float},
}
FAMILY = {
    "held_out": bool,
    "planted": int,
    "recall": float,
    "precision": float,
    "seconds_to_detect": {"p50": float, "p95": float},
}


def fits(document, shape):
    if isinstance(shape, dict):
        return document.keys() == shape.keys() and all(fits(document[name], shape[name]) for name in shape)
    return isinstance(document, shape)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    command = ["measure", "--engine", "quick", "--seeds", "21", "--events", "1000", "--attacks", "2", "--held-out"]
    places = ["--recorded", str(folder), "--certh", str(folder / "none.csv.gz"), "--work-dir", str(folder)]
    ran = CliRunner().invoke(app, [*command, *places, "--page", str(folder / "page.md")], env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    return folder, ran.output


def test_the_report_has_the_shape_that_programs_read(measured):
    """Every key and no other; what was left out says so in the place of its figures."""
    folder, _ = measured
    document = json.loads((folder / "report.json").read_text())
    assert document.keys() == {"f1", "families", "people", "look_alikes", "baseline", "recorded", "certh"}
    for name in ("people", "baseline"):
        assert fits(document[name], SHAPE[name]), document[name]
    assert len(document["families"]) >= 14, "twelve families and two held-out variants"
    assert all(fits(family, FAMILY) for family in document["families"].values())
    assert {name for name, family in document["families"].items() if family["held_out"] != (":" in name)} == set()
    assert all(fits(each, {"sessions": int, "wrongly_flagged": int}) for each in document["look_alikes"].values())
    assert [each["skipped"] for each in document["recorded"].values()] == ["the folder holds no recorded file"]
    assert "not there" in document["certh"]["skipped"]


def test_the_page_and_the_terminal_show_the_figures_of_the_report(measured):
    """No figure is typed by hand."""
    folder, said = measured
    document = json.loads((folder / "report.json").read_text())
    details = json.loads((folder / "details.json").read_text())
    page = (folder / "page.md").read_text()
    assert f"{document['people']['sessions']:,} sessions" in page
    assert f"F1 over the families | {document['f1']:.3f}" in page
    for name, family in document["families"].items():
        low, high = details["families"][name]["recall"]["interval"]
        assert f"{family['recall']:.2f} ({low:.2f} to {high:.2f})" in page
        assert name in page and name in said
    assert "at least 150 requests a minute where the threshold is 120" in " ".join(page.split())


def test_recorded_shops_raise_no_alarm(recorded, tmp_path):
    """Nobody attacked them; one has a real surge, one books whole orders at a time."""
    command = ["measure", "--seeds", "21", "--events", "500", "--attacks", "0", "--look-alikes", "0"]
    ran = CliRunner().invoke(app, [*command, "--recorded", str(recorded), "--work-dir", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    document = json.loads((tmp_path / "report.json").read_text())
    assert {name: each["incidents"] for name, each in document["recorded"].items()} == {
        "mkechinov-2019-Oct-first-5k.csv": 0,
        "taobao-UserBehavior-96k.csv.gz": 0,
        "uci-online-retail-2010-12-to-2011-06.csv.gz": 0,
    }
    assert min(each["events"] for each in document["recorded"].values()) > 5_000
