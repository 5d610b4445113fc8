"""`python -m stacks cost`: the same figures for people, for tools, and on the page."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from stacks.__main__ import app
from stacks.cost.page import page
from stacks.cost.report import show
from stacks.cost.study import study
from stacks.cost.templates import Templates
from stacks.cost.wording import crossover_sentence, setting
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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--events-per-day", "inf"), "--events-per-day is inf: it has to be from 0 to 1e+12"),
        (("--events-per-day", "nan"), "--events-per-day is nan"),
        (("--events-per-day=-1",), "--events-per-day is -1"),
        (("--page", "/nonexistent/x.md"), "--page /nonexistent/x.md: No such file or directory"),
        (("--page", "/"), "--page /: Is a directory"),
        *(
            ((*option, *kind), "leave the rest out")
            for kind in (("--page", "{page}"), ("--record",))
            for option in (
                ("--stage", "prod"),
                ("--events-per-day", "5"),
                ("--cdk-out", "."),
                ("--format", "json"),
            )
        ),
    ],
    ids=" ".join,
)
def test_options_that_nothing_can_be_made_of_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
):
    """In a line, before a minute of computing; what would be ignored is one of them."""
    monkeypatch.setattr("stacks.__main__.study", lambda *_, **__: pytest.fail("it computes"))
    page_path = tmp_path / "page.md"
    result = CliRunner().invoke(app, ["cost", *(each.format(page=page_path) for each in arguments)])
    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not page_path.exists()


def test_a_stage_that_could_not_run_says_so_below_its_bill(dev):
    """And what to write into the list of stages."""
    many = ("--cdk-out", str(dev.directory), "--events-per-day", "1e9")
    told = " ".join(_run(*many).split())
    assert "detector_parallelism=1 is not enough: at the peak the detector falls behind. Raise it to 9 at" in told
    rates = json.loads(_run(*many, "--format", "json"))["rates"]
    assert [each["setting"] for each in rates[-1]["not_enough"]] == ["detector_parallelism", "bytes_scanned_cutoff"]
    assert not rates[0]["not_enough"]


def test_settings_can_be_copied_from_a_narrow_terminal(templates_of: TemplatesOf):
    """Broken in two they are no settings."""
    text = io.StringIO()
    found = study(DEV, templates=templates_of(DEV), synthesised=templates_of, events_per_day=2_000_000)
    show(Console(file=text, width=80), found)
    for saving in found.savings:
        assert setting(saving) in text.getvalue()
        assert saving.gives_up in " ".join(text.getvalue().split())


@pytest.mark.parametrize("events_per_day", [1, 100, 1e9])
def test_peaks_are_told_in_events(templates_of: TemplatesOf, events_per_day: float):
    """Of few events a day a peak is millions of times the mean, which says nothing."""
    found = study(DEV, templates=templates_of(DEV), with_savings=False, events_per_day=events_per_day)
    peaks = crossover_sentence(found).partition(" than ")[2]
    assert f" at a mean of {events_per_day:,.0f}/day" in peaks
    assert "1,728,000" not in peaks


def test_a_rest_that_takes_hours_to_catch_up_with_is_not_proposed(templates_of: TemplatesOf):
    """Alarms are mute for an hour after it."""
    found = study(DEV, templates=templates_of(DEV), synthesised=templates_of)
    rest = next(each for each in found.savings if each.setting == "detector_rests")
    assert set(rest.usd) == {0.0, 1.0, 10.0, 100.0}


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
