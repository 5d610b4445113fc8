"""The templates keep to cdk-nag's rules, to CloudFormation's schema, and to the least permissions."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from app import build
from stacks.acceptance import expired
from stacks.accepted import ACCEPTED
from stacks.accepted_by_checkov import BY_CHECKOV
from stacks.stages import STAGES
from stacks.wildcards import WILDCARDS

ROOT = Path(__file__).resolve().parents[2]
ALL_ACCEPTED = (*ACCEPTED, *BY_CHECKOV)
BROAD = ("FullAccess", "AdministratorAccess", "PowerUser")


def test_no_rule_is_broken_without_a_reason(every_stage):
    """The rules are those of AWS Solutions, Serverless and NIST 800-53 R5."""
    assert every_stage.findings() == []


@pytest.mark.parametrize("pack", ["AwsSolutions", "Serverless", "NIST.800.53.R5"])
def test_every_pack_has_looked(every_stage, pack):
    """A pack that is not run finds nothing either."""
    assert any(finding.startswith(f"{pack}-") for _, finding in every_stage.accepted())


def test_an_open_bucket_fails_the_synth(new_app):
    """A check that finds nothing might be looking nowhere: a stack that comes later is looked at too."""
    app = new_app(stage="dev")
    build(app)
    s3.Bucket(Stack(app, "planted"), "OpenBucket")
    with pytest.raises(RuntimeError, match=r"AwsSolutions-S1'(.|\n)*AwsSolutions-S10'"):
        app.synth()


def test_every_accepted_finding_is_still_found(dev):
    """A suppression that suppresses nothing hides the next mistake."""
    found = dev.accepted()
    for accepted in (each for each in ACCEPTED if each.found(STAGES["dev"])):
        at = f"floorwalker-dev-{accepted.stack}/{accepted.construct}"
        assert (at, accepted.finding.replace("{stage}", "dev")) in found, accepted


def test_every_accepted_finding_has_a_reason():
    """Whoever meets the finding next must be able to judge it."""
    assert all(len(accepted.reason.split()) > 5 for accepted in ALL_ACCEPTED)


def test_no_accepted_finding_has_expired():
    """What was right when it was written is looked at again: judge the entry anew, then move its date."""
    assert expired(ALL_ACCEPTED, on=date.today()) == []


def test_an_accepted_finding_expires_after_its_last_day():
    """The watch must be able to ring, and must not ring a day early."""
    last_day = date(2026, 3, 31)
    entry = replace(ACCEPTED[0], expires=last_day)
    assert expired((entry,), on=last_day) == []
    assert expired((entry,), on=last_day + timedelta(days=1)) == [entry]


def test_cloudformation_would_accept_the_templates(synthesised):
    """cfn-lint knows the service's schemas, and finds here in seconds what a deployment finds in minutes."""
    templates = [str(path) for stage in STAGES for path in sorted(synthesised(stage).directory.glob("*.template.json"))]
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--config-file", str(ROOT / ".cfnlintrc"), "--"]
    lint = subprocess.run([*command, *templates], capture_output=True, text=True, check=False, cwd=ROOT)
    assert templates
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_every_wildcard_resource_is_listed_with_a_reason(every_stage):
    """Permission on everything is given knowingly or not at all."""
    listed = {(wildcard.resource_type, wildcard.construct): set() for wildcard in WILDCARDS}
    for wildcard in WILDCARDS:
        listed[wildcard.resource_type, wildcard.construct].add(wildcard.actions)
    for resource in every_stage.everything:
        for statement in _statements(resource.properties):
            if "*" in _listed(statement.get("Resource", [])) and statement["Effect"] == "Allow":
                place = [key for key in listed if key[0] == resource.type and resource.logical_id.startswith(key[1])]
                actions = frozenset(_listed(statement["Action"]))
                assert place and actions in listed[place[0]], f"{resource.logical_id} may {sorted(actions)} on *"


def test_every_listed_wildcard_exists(dev, synthesised):
    """A list of what is gone hides what is there."""
    given = {
        (resource.type, frozenset(_listed(statement["Action"])))
        for resource in (
            *dev.everything,
            *synthesised("dev", customer_keys="true", fault_experiments="true").everything,
        )
        for statement in _statements(resource.properties)
        if "*" in _listed(statement.get("Resource", []))
    }
    assert {(wildcard.resource_type, wildcard.actions) for wildcard in WILDCARDS} <= given


def test_no_role_may_do_all_that_a_service_can(every_stage):
    """Full access is what the samples of such platforms ask for; nobody here needs it."""
    for role in every_stage.all("AWS::IAM::Role"):
        attached = str(role.properties.get("ManagedPolicyArns", ""))
        assert not any(word in attached for word in BROAD), role.logical_id
    for policy in every_stage.all("AWS::IAM::Policy"):
        for statement in _statements(policy.properties):
            assert not [action for action in _listed(statement["Action"]) if action.endswith("*")], policy.logical_id


def _statements(value) -> list[dict]:
    """Return every policy statement in a value, however deep it stands."""
    if isinstance(value, list):
        return [found for part in value for found in _statements(part)]
    if not isinstance(value, dict):
        return []
    own = [value] if {"Effect", "Action"} <= set(value) else []
    return own + [found for part in value.values() for found in _statements(part)]


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]


def fullest() -> dict[str, str]:
    """Return what the Makefile's synthesis of everything asks for, by the names of the command line."""
    written = re.search(r"^FULLEST := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert written
    return dict(pair.split("=", 1) for pair in written[1].replace("\\\n", "").split())


def test_the_tools_look_at_everything_that_the_command_line_can_ask_for():
    """What only a setting brings would be deployed without any of them having seen it."""
    asked = re.findall(r'try_get_context\("(\w+)"\)', (ROOT / "app.py").read_text(encoding="utf-8"))
    assert fullest().keys() == set(asked)
    assert "false" not in fullest().values()


def told_to_skip(resource) -> set[str]:
    """Return the checks that checkov is told in the template to leave out of one resource."""
    return {each["id"] for each in resource.body.get("Metadata", {}).get("checkov", {}).get("skip", [])}


@pytest.mark.parametrize("settings", [{"stage": "dev"}, {"stage": "prod"}, fullest()], ids=" ".join)
def test_checkov_skips_what_is_accepted_on_that_resource_and_nothing_else(synthesised, settings):
    """Skipped for every resource, a check would let pass the next bucket that has no access log."""
    name, asked = settings["stage"], {key: settings[key] for key in settings.keys() - {"stage", "alert_email"}}
    stage = replace(STAGES[name], **{key: value == "true" or value for key, value in asked.items()})
    skipped = {
        (resource.stack.removeprefix(f"floorwalker-{name}-"), resource.logical_id[:-8], rule)
        for resource in synthesised(name, **asked).everything
        for rule in told_to_skip(resource)
    }
    assert skipped == {
        (each.stack, re.sub(r"\W", "", each.construct), each.finding) for each in BY_CHECKOV if each.found(stage)
    }
