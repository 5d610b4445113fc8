"""`python -m stacks cost`: the same figures for people, for tools, and on the page."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stacks.__main__ import app
from stacks.cost.page import page
from stacks.cost.study import study
from stacks.cost.templates import Templates
from stacks.stages import DEV, PROD, Stage

ROOT = Path(__file__).resolve().parents[2]
TemplatesOf = Callable[[Stage], Templates]


def test_json_has_the_bill_of_the_asked_number_of_events(dev):
    """Programs plan with it."""
    told = json.loads(_run("--cdk-out", str(dev.directory), "--events-per-day", "86400000", "--format", "json"))
    asked = next(each for each in told["rates"] if each["events_per_second"] == 1000)
    assert asked["usd"] == pytest.approx(sum(asked["services"].values()))
    assert asked["usd"] - asked["usd_above_idle"] == pytest.approx(told["idle_usd"])
    assert asked["usd_per_million_events"] == pytest.approx(asked["usd"] / (1000 * 730 * 3600 / 1e6))
    assert told["stage"] == "dev"


def test_csv_adds_up(dev):
    """A row a service, and the sum of them."""
    rows = list(csv.DictReader(io.StringIO(_run("--cdk-out", str(dev.directory), "--format", "csv"))))
    at_ten = {row["service"]: float(row["usd_per_month"]) for row in rows if row["events_per_second"] == "10"}
    total, idle = at_ten.pop("total"), at_ten.pop("idle")
    assert sum(at_ten.values()) == pytest.approx(total)
    assert 0 < idle < total


def test_the_table_says_what_costs_most_and_what_others_pay(dev):
    """The three questions of whoever reads it."""
    told = " ".join(_run("--cdk-out", str(dev.directory)).split())
    for words in ("idle: paid without a single event", "What costs most", "Shards cost less", "2,214"):
        assert words in told


def test_without_templates_it_says_so(tmp_path):
    """An empty bill would be believed."""
    result = CliRunner().invoke(app, ["cost", "--cdk-out", str(tmp_path)])
    assert result.exit_code == 1
    assert "make synth" in result.stderr


def test_templates_of_another_stage_in_the_folder_are_left_alone(dev, prod, tmp_path):
    """`cdk.out` keeps those of every stage that was ever synthesised there."""
    for synthesised in (dev, prod):
        for template in synthesised.directory.glob("*.template.json"):
            shutil.copy(template, tmp_path)
    alone = _run("--cdk-out", str(dev.directory), "--format", "csv")
    assert _run("--cdk-out", str(tmp_path), "--format", "csv") == alone


def test_a_stage_that_is_none_is_refused():
    """With the list of those that are."""
    result = CliRunner().invoke(app, ["cost", "--stage", "nightly"])
    assert result.exit_code == 1
    assert "dev, prod, laptop" in result.stderr


def test_each_setting_that_saves_is_priced_by_a_stage_that_has_it(templates_of: TemplatesOf):
    """What is told of a setting is what its templates would cost."""
    found = study(DEV, templates=templates_of(DEV), synthesised=templates_of)
    saved = {(each.setting, each.value): each.usd for each in found.savings}
    assert saved["shards_per_stream", 1][10.0] == pytest.approx(2 * 730 * (0.04 - 0.015), rel=0.2)
    assert saved["detector_rests", (22, 6)][0.0] == pytest.approx((2 * 730 * 0.11 + 50 * 0.1) / 3, rel=0.01)


def test_a_setting_that_the_stage_could_not_have_is_not_proposed(templates_of: TemplatesOf):
    """Its detector rests for longer than the proposed retention of the streams allows."""
    stage = replace(DEV, detector_rests=(6, 22), stream_retention_hours=48)
    found = study(stage, synthesised=lambda _stage: templates_of(DEV))
    assert "stream_retention_hours" not in {each.setting for each in found.savings}


def test_the_page_is_up_to_date(templates_of: TemplatesOf):
    """Every line of it, but for what settings would save on the second stage, which would take seven synths more."""
    studies = [
        study(DEV, templates=templates_of(DEV), synthesised=templates_of),
        study(PROD, templates=templates_of(PROD), with_savings=False),
    ]
    written = iter((ROOT / "docs/cost.md").read_text(encoding="utf-8").splitlines())
    missing = [line for line in page(studies).splitlines() if line not in written]
    assert not missing, "run: python -m stacks cost --page docs/cost.md"


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["cost", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout
