"""A program may do what it says it does, to its own resources, and nothing else."""

import json

import pytest

from glue_jobs.settings import ALLOW_LIST_ACTIONS as LAKE_ALLOW_LIST_ACTIONS
from lambdas.respond.settings import ALLOW_LIST_ACTIONS, TABLE_ACTIONS, TOPIC_ACTIONS
from lambdas.start_detector.settings import APPLICATION_ACTIONS


@pytest.mark.parametrize(
    ("role", "service", "actions"),
    [
        ("Responder", "dynamodb", (*TABLE_ACTIONS, *ALLOW_LIST_ACTIONS)),
        ("Responder", "sns", TOPIC_ACTIONS),
        ("BatchRole", "dynamodb", LAKE_ALLOW_LIST_ACTIONS),
        ("BatchMaintenanceRole", "dynamodb", LAKE_ALLOW_LIST_ACTIONS),
        ("Starter", "kinesisanalytics", APPLICATION_ACTIONS),
    ],
)
def test_a_program_may_do_exactly_what_it_declares(every_stage, role, service, actions):
    """A call that is not granted fails in AWS only; one granted and not made is a door left open."""
    assert _granted(every_stage, role, service) == set(actions)


def test_the_responder_writes_incidents_and_only_reads_the_allow_list(every_stage):
    """What wins over every rule is edited by people alone."""
    for statement in _statements(every_stage, "Responder"):
        if "AllowList" in json.dumps(statement["Resource"]):
            assert _actions(statement) == ["dynamodb:Scan"]
        elif "dynamodb:Scan" in _actions(statement):
            raise AssertionError(f"the responder scans {statement['Resource']}")


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


def test_the_nightly_jobs_read_raw_records_and_change_none(every_stage):
    """Everything is rebuilt from them: a mistake in `curate` must not reach them."""
    assert _on_raw(every_stage, "BatchRole") == {"s3:GetObject", "s3:GetBucketLocation", "s3:ListBucket"}


def test_maintenance_alone_may_rewrite_raw_records(every_stage):
    """To erase a user, from every version of an object; it reaches nothing of the bucket beyond the records."""
    granted = _on_raw(every_stage, "BatchMaintenanceRole")
    assert {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"} <= granted
    for policy in every_stage.all("AWS::IAM::Policy"):
        if not policy.logical_id.startswith("BatchMaintenanceRole"):
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                deletes = [action for action in _actions(statement) if action.startswith("s3:Delete")]
                assert not (deletes and "Raw" in json.dumps(statement["Resource"])), policy.logical_id
    for statement in _statements(every_stage, "BatchMaintenanceRole"):
        if "Raw" in json.dumps(statement["Resource"]) and "s3:PutObject" in _actions(statement):
            assert "/raw/*" in json.dumps(statement["Resource"])


def test_each_job_runs_under_its_own_role(every_stage):
    """The grants say nothing as long as a job has the other's role."""
    roles = {
        title: every_stage.one("AWS::Glue::Job", f"Batch{title}").properties["Role"]["Fn::GetAtt"][0]
        for title in ("Curate", "Marts", "Maintenance")
    }
    assert roles["Curate"] == roles["Marts"]
    assert roles["Curate"].startswith("BatchRole")
    assert roles["Maintenance"].startswith("BatchMaintenanceRole")


def _on_raw(stage, role) -> set[str]:
    """Return what the role may do on the bucket of raw records and on its objects."""
    statements = [each for each in _statements(stage, role) if "Raw" in json.dumps(each["Resource"])]
    return {action for statement in statements for action in _actions(statement)}


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
