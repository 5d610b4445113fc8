"""The page about security says what the tools said: findings, what was accepted, and what did not run."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stacks.__main__ import app
from stacks.accepted import ACCEPTED
from stacks.accepted_by_checkov import BY_CHECKOV
from stacks.security.outputs import NoOutputError, audit_output, read_outputs
from stacks.security.page import page

LOCK = "a_room/requirements.lock"
ALL_ACCEPTED = (*ACCEPTED, *BY_CHECKOV)
BUCKET = next(each for each in BY_CHECKOV if each.finding == "CKV_AWS_18")
SOLUTIONS = next(each for each in ACCEPTED if each.acknowledged_as.startswith("AwsSolutions::") and "[" in each.finding)


def suppressed(finding: str, reason: str) -> dict[str, Any]:
    return {"ruleName": finding, "acknowledgedId": f"AwsSolutions::{finding}", "reason": reason}


def skipped(rule: str, reason: str) -> dict[str, Any]:
    return {"check_id": rule, "check_result": {"result": "SKIPPED", "suppress_comment": reason}}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Return a folder of what clean tools write; one finding is accepted twice in each of the two syntheses."""
    pack = {
        "pluginName": "AwsSolutions",
        "violations": [],
        "suppressedViolations": [suppressed(SOLUTIONS.finding, SOLUTIONS.reason) for _ in range(2)],
    }
    written: dict[str, Any] = {
        "nag.json": {"pluginReports": [pack]},
        "nag-fullest.json": {"pluginReports": [pack]},
        "cfn-lint.json": [],
        "checkov.json": {
            "summary": {"passed": 162, "failed": 0},
            "results": {"failed_checks": [], "skipped_checks": [skipped(BUCKET.finding, BUCKET.reason)]},
        },
        "bandit.json": {"metrics": {"_totals": {"loc": 12345}}, "results": []},
        audit_output(LOCK): {"dependencies": [{"name": "boto3", "version": "1", "vulns": []}]},
    }
    for name, content in written.items():
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


def written(outputs: Path) -> str:
    return page(read_outputs(outputs, accepted=ALL_ACCEPTED, locks=[LOCK]), stage="dev", on=date(2026, 11, 22))


def test_the_page_has_every_tool_with_what_it_looked_at(outputs: Path) -> None:
    """A tool that is missing from the page would never be missed."""
    text = written(outputs)
    for words in ("cdk-nag, AwsSolutions", "cfn-lint", "162 checks passed", "12,345 lines", f"pip-audit, {LOCK}"):
        assert words in text
    assert "## Found" not in text


def test_what_is_accepted_is_counted_and_has_its_reason_and_its_last_day(outputs: Path) -> None:
    """Without a reason and an end, an exception is a hole."""
    rule = SOLUTIONS.finding.partition("[")[0]
    text = written(outputs)
    assert f"| {rule} | 4 | {SOLUTIONS.reason} | {SOLUTIONS.expires} |" in text
    assert f"| {BUCKET.finding} | 1 | {BUCKET.reason} | {BUCKET.expires} |" in text


def test_a_reason_that_is_not_on_the_list_is_no_acceptance(outputs: Path) -> None:
    """The page and the list that expires must be the same list."""
    with pytest.raises(KeyError):
        others = [replace(each, reason="another") for each in ALL_ACCEPTED]
        read_outputs(outputs, accepted=others, locks=[])


@pytest.mark.parametrize("synthesis", ["nag.json", "nag-fullest.json"])
def test_what_is_found_in_one_synthesis_alone_is_on_the_page(outputs: Path, synthesis: str) -> None:
    """What only a setting brings is looked at for nothing if nobody is told."""
    report = json.loads((outputs / synthesis).read_text())
    report["pluginReports"][0]["violations"] = [{"ruleName": "AwsSolutions-S1"}]
    (outputs / synthesis).write_text(json.dumps(report))
    assert "| cdk-nag, AwsSolutions | AwsSolutions-S1 |" in written(outputs)


def test_a_hole_is_on_the_page_and_ends_the_command_with_one(outputs: Path) -> None:
    """Whoever makes the page must not overlook what is new in it."""
    hole = {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"]}
    audit = {"dependencies": [{"name": "requests", "version": "2.19.0", "vulns": [hole]}]}
    (outputs / audit_output(LOCK)).write_text(json.dumps(audit))
    to_page = outputs / "security.md"
    found = CliRunner().invoke(app, ["security", str(outputs), "--page", str(to_page), "--lock", LOCK])
    assert found.exit_code == 1
    assert f"| pip-audit, {LOCK} | requests PYSEC-2018-28 |" in to_page.read_text()


def test_an_audit_without_an_answer_is_said_to_be_none(outputs: Path) -> None:
    """Silence of the database says nothing about what is pinned."""
    (outputs / audit_output(LOCK)).write_text("")
    assert f"**Not audited: pip-audit, {LOCK}.**" in written(outputs)


@pytest.mark.parametrize("name", ["nag.json", "nag-fullest.json", "cfn-lint.json", "checkov.json", "bandit.json"])
def test_a_tool_that_broke_off_is_no_clean_tool(outputs: Path, name: str) -> None:
    """An empty file is what a tool leaves that could not start."""
    (outputs / name).write_text("")
    with pytest.raises(NoOutputError, match=name):
        written(outputs)
