"""A program may do what it says it does, to its own resources, and nothing else."""

import json

import pytest

from lambdas.respond.settings import TABLE_ACTIONS, TOPIC_ACTIONS
from lambdas.start_detector.settings import APPLICATION_ACTIONS


@pytest.mark.parametrize(
    ("role", "service", "actions"),
    [
        ("Responder", "dynamodb", TABLE_ACTIONS),
        ("Responder", "sns", TOPIC_ACTIONS),
        ("Starter", "kinesisanalytics", APPLICATION_ACTIONS),
    ],
)
def test_a_function_may_do_exactly_what_it_declares(every_stage, role, service, actions):
    """A call that is not granted fails in AWS only; one granted and not made is a door left open."""
    assert _granted(every_stage, role, service) == set(actions)


def test_the_detector_reads_events_and_writes_incidents(every_stage):
    """It could not even by mistake write events."""
    role = "RoleDefaultPolicy"
    assert _touched(every_stage, role, "kinesis:GetRecords") == {"Events"}
    assert _touched(every_stage, role, "kinesis:PutRecords") == {"Incidents"}


def test_a_service_takes_a_role_on_for_its_own_work_only(every_stage):
    """Each role names the one service that uses it."""
    for role in every_stage.all("AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            assert list(statement["Principal"]) == ["Service"], role.logical_id


def _statements(stage, role):
    policies = [p for p in stage.all("AWS::IAM::Policy") if p.logical_id.startswith(role)]
    assert policies, role
    return [statement for policy in policies for statement in policy.properties["PolicyDocument"]["Statement"]]


def _actions(statement) -> list[str]:
    return statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]


def _granted(stage, role, service) -> set[str]:
    granted = {action for statement in _statements(stage, role) for action in _actions(statement)}
    return {action for action in granted if action.startswith(f"{service}:")}


def _touched(stage, role, action) -> set[str]:
    resources = [json.dumps(s["Resource"]) for s in _statements(stage, role) if action in _actions(s)]
    return {name for name in ("Events", "Incidents") if any(name in resource for resource in resources)}
