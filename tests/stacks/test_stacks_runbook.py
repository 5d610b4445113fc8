"""Every alarm has a section in the runbook, with a command to run, and says where it is."""

import re
from pathlib import Path

import pytest

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
SECTION = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    """Return the body of each section that is named like an alarm, in one word."""
    return dict(SECTION.findall(RUNBOOK.read_text(encoding="utf-8")))


@pytest.fixture
def concealing(synthesised):
    """Return the templates of a stage that conceals addresses: it has an alarm more."""
    return synthesised("dev", address_form="keyed_hash")


def alarms(stage) -> dict[str, dict]:
    """Return the properties of each alarm by its name: CDK puts eight digits of a hash behind it."""
    return {alarm.logical_id[:-8]: alarm.properties for alarm in stage.all("AWS::CloudWatch::Alarm")}


def test_every_alarm_has_a_section_and_no_other_has_one(every_stage, concealing):
    """Whoever is woken up must find what to do under the name that the mail says."""
    assert {*alarms(every_stage), "EventsUnconcealed"} == alarms(concealing).keys() == sections().keys()


def test_every_section_has_a_command_to_run(concealing):
    """A page that only explains is read by nobody at three in the morning."""
    for name in alarms(concealing):
        commands = re.findall(r"^```sh\n(.+?)^```", sections()[name], re.MULTILINE | re.DOTALL)
        assert commands, name


def test_every_alarm_names_its_section(every_stage, concealing):
    """The mail of an alarm has its description in it."""
    for name, properties in (*alarms(every_stage).items(), *alarms(concealing).items()):
        assert properties["AlarmDescription"].endswith(f"docs/runbook.md#{name.lower()}")


def test_every_log_group_that_the_page_reads_exists(every_stage, concealing):
    """CloudFormation names a group after its stack and its id in the template; the commands find it by both."""
    named = re.findall(r"\$\(log_group (\w+)-(\w+)\)", RUNBOOK.read_text(encoding="utf-8"))
    assert named
    for stack, name in named:
        has_it = concealing if stack == "addresses" else every_stage
        groups = [group for group in has_it.all("AWS::Logs::LogGroup") if group.stack.endswith(f"-{stack}")]
        assert len([group for group in groups if group.logical_id.startswith(name)]) == 1, name
