"""Where a stage conceals addresses, nothing is stored past the function that does it, and few may know the key."""

import json
from dataclasses import replace

import pytest

from commerce.settings import from_environment
from lambdas.conceal.settings import ConcealSettings
from lambdas.respond.settings import RespondSettings
from stacks.accepted import ACCEPTED
from stacks.stages import DEV, STAGES, UnknownSettingError

DELIVERY = "AWS::KinesisFirehose::DeliveryStream"


@pytest.fixture(params=["keyed_hash", "truncated"])
def concealed(request, synthesised):
    """Return the templates of a stage that conceals addresses."""
    return synthesised("dev", address_form=request.param)


def test_every_delivery_goes_through_the_function_and_waits_for_it(concealed):
    """The incidents name addresses as the events do."""
    assert len(concealed.all(DELIVERY)) == 2
    for delivery in concealed.all(DELIVERY):
        processing = delivery.properties["ExtendedS3DestinationConfiguration"]["ProcessingConfiguration"]
        (processor,) = processing["Processors"]
        given = {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}
        assert (processing["Enabled"], processor["Type"]) == (True, "Lambda")
        assert "Concealer" in json.dumps(given["LambdaArn"])
        assert given["NumberOfRetries"] == "300"


def test_firehose_may_call_this_function_and_no_other(concealed):
    """A role that may call any function could call one that does not conceal."""
    callers = [
        statement
        for policy in concealed.all("AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "lambda:InvokeFunction" in statement["Action"]
    ]
    assert len(callers) == 2
    assert all("Concealer" in json.dumps(each["Resource"]) for each in callers)


def test_no_copy_of_the_original_is_kept(concealed):
    """Firehose can back up what it transforms."""
    for delivery in concealed.all(DELIVERY):
        assert "S3BackupMode" not in delivery.properties["ExtendedS3DestinationConfiguration"]


def test_function_and_responder_are_told_the_same_form_and_key(concealed):
    """Else the row and the lake would have two names for one address."""
    function, responder = (
        concealed.one("AWS::Lambda::Function", name).properties["Environment"]["Variables"]
        for name in ("Concealer", "Responder")
    )
    one = from_environment(ConcealSettings, {name: json.dumps(text) for name, text in function.items()})
    other = from_environment(RespondSettings, {name: json.dumps(text) for name, text in responder.items()
                                               if name not in ("RETENTION_DAYS",)})  # fmt: skip
    assert one.address_form == other.address_form != '"full"'
    assert "Key" in one.address_key_secret
    assert "Key" in other.address_key_secret


def test_two_roles_may_read_the_key_and_nobody_writes_it_down(concealed):
    """AWS makes it up; a value in the template would be read by all who may read templates."""
    secret = concealed.one("AWS::SecretsManager::Secret")
    assert secret.properties["GenerateSecretString"]["PasswordLength"] >= 32
    assert "SecretString" not in secret.properties
    readers = [
        policy.logical_id.split("Role")[0]
        for policy in concealed.all("AWS::IAM::Policy")
        if "secretsmanager:" in json.dumps(policy.properties)
    ]
    assert sorted(readers) == ["Concealer", "Responder"]


def test_a_stage_that_keeps_its_data_keeps_the_key(synthesised):
    """With another one the same address would get another pseudonym."""
    secret = synthesised("prod", address_form="keyed_hash").one("AWS::SecretsManager::Secret")
    assert secret.body["DeletionPolicy"] == "Retain"


def test_the_rules_are_kept_and_whatever_is_accepted_is_found(concealed):
    """A setting that fails the synth is none, and an entry that matches nothing hides the next mistake."""
    assert concealed.findings() == []
    stage = replace(STAGES["dev"], address_form="truncated")
    for accepted in (each for each in ACCEPTED if each.found(stage)):
        at = f"floorwalker-dev-{accepted.stack}/{accepted.construct}"
        assert (at, accepted.finding.replace("{stage}", "dev")) in concealed.accepted(), accepted


def test_both_settings_go_together(synthesised):
    """A shop that conceals addresses is likely to be one that holds its keys."""
    both = synthesised("dev", address_form="keyed_hash", customer_keys="true")
    assert both.findings() == []
    assert all("KmsKeyId" in group.properties for group in both.all("AWS::Logs::LogGroup"))


def test_a_form_that_is_none_is_refused():
    """Taken for `full`, it would store what somebody wants concealed."""
    with pytest.raises(UnknownSettingError, match="full, truncated, keyed_hash"):
        replace(DEV, address_form="hashed")


def test_without_the_setting_there_is_neither_function_nor_secret(every_stage):
    """Each costs."""
    kinds = {resource.type for resource in every_stage.everything}
    assert "AWS::SecretsManager::Secret" not in kinds
    assert not [f for f in every_stage.all("AWS::Lambda::Function") if f.logical_id.startswith("Concealer")]


def test_no_environment_holds_a_secret(every_stage, concealed):
    """Variables are shown in the console to whoever may look at a function."""
    for stage in (every_stage, concealed):
        for function in stage.all("AWS::Lambda::Function"):
            for name, value in function.properties.get("Environment", {}).get("Variables", {}).items():
                assert not any(word in name for word in ("PASSWORD", "TOKEN", "CREDENTIAL")), name
                assert "SECRET" not in name or "Ref" in json.dumps(value) or value == "", name
                assert "resolve:secretsmanager" not in json.dumps(value), name
