"""With keys of the shop's own everything that holds data is encrypted with them, and few may use them."""

import json
from dataclasses import replace

import pytest

from app import build
from stacks.accepted import ACCEPTED
from stacks.customer_keys import USES
from stacks.stages import STAGES, UnknownSettingError

HOLDERS = {
    "AWS::Kinesis::Stream": "StreamEncryption",
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::Athena::WorkGroup": "WorkGroupConfiguration",
    "AWS::Glue::SecurityConfiguration": "EncryptionConfiguration",
}


@pytest.mark.parametrize(("kind", "encryption"), sorted(HOLDERS.items()))
def test_what_holds_data_is_encrypted_with_the_data_key(keyed, kind, encryption):
    """One that was forgotten would be the one that is asked about."""
    for resource in keyed.all(kind):
        if not resource.logical_id.startswith("AccessLogs"):
            assert "DataKey" in json.dumps(resource.properties[encryption]), resource.logical_id


def test_no_bucket_or_answer_is_left_to_the_services_own_key(keyed):
    """Only the access logs are: S3 writes them with no other key."""
    for resource in (*keyed.all("AWS::S3::Bucket"), *keyed.all("AWS::Athena::WorkGroup")):
        if not resource.logical_id.startswith("AccessLogs"):
            assert not any(own in json.dumps(resource.properties) for own in ("AES256", "SSE_S3"))


def test_every_log_group_is_encrypted_with_the_logs_key(keyed):
    """A log is where data turns up that nobody meant to keep."""
    for group in keyed.all("AWS::Logs::LogGroup"):
        assert "LogsKey" in json.dumps(group.properties["KmsKeyId"]), group.logical_id


def test_no_service_may_use_the_data_key(keyed):
    """Its policy leaves it to the account, where each role is given what it needs and no more."""
    statements = keyed.one("AWS::KMS::Key", "DataKey").properties["KeyPolicy"]["Statement"]
    assert [list(each["Principal"]) for each in statements] == [["AWS"]]
    assert "root" in json.dumps(statements[0]["Principal"])


def test_cloudwatch_may_use_the_logs_key_for_this_accounts_logs_only(keyed):
    """Without the condition the log group of any account could name the key."""
    statements = keyed.one("AWS::KMS::Key", "LogsKey").properties["KeyPolicy"]["Statement"]
    services = [each for each in statements if "Service" in each["Principal"]]
    assert len(services) == 1
    condition = json.dumps(services[0]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
    assert "AWS::AccountId" in condition
    assert "AWS::Region" in condition


def test_a_role_uses_the_data_key_only_through_the_services_it_works_with(keyed):
    """A role that is stolen cannot decrypt what it read elsewhere."""
    granted = [
        statement
        for policy in keyed.all("AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "DataKey" in json.dumps(statement["Resource"])
    ]
    assert len(granted) == len(USES)
    for statement in granted:
        assert list(statement["Condition"]["StringEquals"]) == ["kms:ViaService"]
        assert "*" not in json.dumps(statement["Action"])


@pytest.mark.parametrize(
    ("service", "action"),
    [("kinesis", "kinesis:GetRecords"), ("kinesis", "kinesis:PutRecords"), ("s3", "s3:PutObject"),
     ("s3", "s3:GetObject"), ("dynamodb", "dynamodb:PutItem"), ("dynamodb", "dynamodb:Scan")],
)  # fmt: skip
def test_whoever_reaches_encrypted_data_may_use_its_key(keyed, service, action):
    """A permission on the data without one on its key fails, and only in AWS."""
    for policy in keyed.all("AWS::IAM::Policy"):
        statements = policy.properties["PolicyDocument"]["Statement"]
        if any(action in statement["Action"] and _is_ours(statement) for statement in statements):
            through = [
                json.dumps(each["Condition"]["StringEquals"]["kms:ViaService"])
                for each in statements
                if "DataKey" in json.dumps(each["Resource"])
            ]
            assert any(service in via for via in through), f"{policy.logical_id} may {action} without the key"


def test_data_that_is_kept_keeps_its_key(keyed):
    """Without the key what outlives the stack is noise."""
    expected = "RetainExceptOnCreate" if keyed.stage == "prod" else "Delete"
    assert keyed.one("AWS::KMS::Key", "DataKey").body["DeletionPolicy"] == expected
    assert keyed.one("AWS::KMS::Key", "DataKey").properties["EnableKeyRotation"] is True


def test_the_rules_are_kept_with_these_keys_too(keyed):
    """A setting that fails the synth is none."""
    assert keyed.findings() == []


def test_whatever_is_accepted_with_these_keys_is_found(keyed):
    """An entry of the list that matches nothing hides the next mistake."""
    stage = replace(STAGES[keyed.stage], customer_keys=True)
    for accepted in (each for each in ACCEPTED if each.found(stage)):
        at = f"floorwalker-{stage.name}-{accepted.stack}/{accepted.construct}"
        assert (at, accepted.finding.replace("{stage}", stage.name)) in keyed.accepted(), accepted


@pytest.mark.parametrize("wrong", ["yes", "1", "True "])
def test_a_setting_that_is_neither_true_nor_false_is_refused(new_app, wrong):
    """Taken for no, it would leave the data without the keys that somebody counts on."""
    with pytest.raises(UnknownSettingError, match="customer_keys"):
        build(new_app(stage="dev", customer_keys=wrong))


def test_without_the_setting_there_is_no_such_key(every_stage):
    """A key costs every month."""
    assert not [key for key in every_stage.all("AWS::KMS::Key") if key.logical_id.startswith(("DataKey", "LogsKey"))]


def _is_ours(statement) -> bool:
    """Return whether it is about data, not about code that the CDK keeps in a bucket of its own."""
    return "cdk-" not in json.dumps(statement["Resource"])
