"""A stack that its stage no longer asks for is told before anything is deployed or destroyed: the CDK ignores it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from stacks.__main__ import app
from stacks.left_behind import SECTION, left_behind
from stacks.stages import DEV

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SMALL = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
SETTINGS = {
    "keys": {"customer_keys": "true"},
    "experiments": {"fault_experiments": "true"},
    "addresses": {"address_form": "truncated"},
}


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return CloudFormation answered by moto, whatever the machine's own environment says."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("cloudformation", region_name="eu-central-1")


def test_the_makefile_names_every_stack_that_is_there(cloudformation, capsys):
    """More than a page of them, in the region that the CDK takes; one that was deleted is not there."""
    names = [f"floorwalker-dev-{number}" for number in range(150)]
    for name in (*names, "floorwalker-dev-gone"):
        cloudformation.create_stack(StackName=name, TemplateBody=SMALL)
    cloudformation.delete_stack(StackName="floorwalker-dev-gone")
    (listing,) = re.findall(r"^STACKS_THERE := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    exec(listing.replace("\\\n ", ""), {})
    assert sorted(capsys.readouterr().out.split()) == sorted(names)


@pytest.mark.parametrize("target", ["deploy", "destroy"])
def test_it_is_looked_for_before_anything_is_changed(target):
    """Found out afterwards, data would be encrypted with a key that nobody may use any more."""
    (needed,) = re.findall(rf"^{target}: ([a-z -]+)", MAKEFILE, re.MULTILINE)
    assert "left-behind" in needed.split()


@pytest.mark.parametrize("short", SETTINGS)
def test_a_stack_is_left_behind_when_its_setting_is_gone(synthesised, dev, short):
    """While the stage asks for it, it is one of its own."""
    name = f"floorwalker-dev-{short}"
    with_setting = synthesised("dev", **SETTINGS[short]).templates
    assert left_behind(with_setting, stage=DEV, asked_for=with_setting) == []
    assert left_behind(with_setting, stage=DEV, asked_for=dev.templates) == [name]


def test_stacks_of_others_are_nobodys_business(dev):
    """Another stage of the account, or another application."""
    others = ["floorwalker-prod-keys", "CDKToolkit", "floorwalker-development-keys"]
    assert left_behind([*others, *dev.templates], stage=DEV, asked_for=dev.templates) == []


def test_the_command_names_each_in_one_line_and_says_where_to_read_on():
    """`make` stops there, so the line is all that one sees."""
    told = "floorwalker-dev-streams\nfloorwalker-dev-keys\nfloorwalker-dev-experiments\n"
    result = CliRunner().invoke(app, ["left-behind", "--stage", "dev"], input=told)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("floorwalker-dev-experiments, floorwalker-dev-keys: ")
    assert SECTION in line
    path, _, anchor = SECTION.partition("#")
    assert f"\n### {anchor.replace('-', ' ').capitalize()}\n" in (ROOT / path).read_text(encoding="utf-8")


def test_where_nothing_is_there_nothing_is_in_the_way():
    """The first deployment; also where somebody may not list stacks."""
    result = CliRunner().invoke(app, ["left-behind", "--stage", "dev"], input="")
    assert (result.exit_code, result.output) == (0, "")
