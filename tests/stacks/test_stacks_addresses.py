"""Where a stage conceals addresses, nothing is stored past the function that does it, and few may know the key."""

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from commerce.settings import from_environment
from lambdas.conceal.settings import ConcealSettings
from lambdas.respond.settings import RespondSettings
from stacks.accepted import ACCEPTED
from stacks.stages import DEV, STAGES, UnknownSettingError

DELIVERY = "AWS::KinesisFirehose::DeliveryStream"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
REGION = {"AWS_DEFAULT_REGION": "eu-central-1"}


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


def test_a_function_that_fails_or_is_not_asked_reaches_an_operator(concealed):
    """Firehose goes on and stores the batch in full: nothing else is late, down or missing."""
    alarm = concealed.one("AWS::CloudWatch::Alarm", "EventsUnconcealed").properties
    looked_at = {
        (metric["Namespace"], metric["MetricName"], json.dumps(metric["Dimensions"]))
        for metric in (each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each)
    }
    names = sorted((namespace, name) for namespace, name, _ in looked_at)
    # What Lambda refuses to run it counts nowhere: both deliveries say whether they were answered.
    answered = ("AWS/Firehose", "ExecuteProcessing.Success")
    assert names == [answered, answered, ("AWS/Lambda", "Errors")]
    assert sum("Concealer" in dimensions for *_, dimensions in looked_at) == 1
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    assert "Operations" in json.dumps(alarm["AlarmActions"])


def test_the_dashboard_shows_whether_the_function_fails_or_is_throttled(concealed):
    """Whoever had the mail wants to see since when."""
    shown = json.dumps(concealed.one("AWS::CloudWatch::Dashboard").properties)
    assert "Concealer: errors, throttles" in shown
    assert "Throttles" in shown


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
    assert secret.body["DeletionPolicy"] == "RetainExceptOnCreate"


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


def test_without_the_setting_there_is_no_alarm_about_it(every_stage):
    """One that can never go off is one more to explain."""
    alarms = every_stage.all("AWS::CloudWatch::Alarm")
    assert not [alarm for alarm in alarms if alarm.logical_id.startswith("EventsUnconcealed")]
    assert "Concealer" not in json.dumps(every_stage.one("AWS::CloudWatch::Dashboard").properties)


def test_no_environment_holds_a_secret(every_stage, concealed):
    """Variables are shown in the console to whoever may look at a function."""
    for stage in (every_stage, concealed):
        for function in stage.all("AWS::Lambda::Function"):
            for name, value in function.properties.get("Environment", {}).get("Variables", {}).items():
                assert not any(word in name for word in ("PASSWORD", "TOKEN", "CREDENTIAL")), name
                assert "SECRET" not in name or "Ref" in json.dumps(value) or value == "", name
                assert "resolve:secretsmanager" not in json.dumps(value), name


@pytest.mark.parametrize("packed", [gzip.compress, bytes])
def test_the_page_sends_again_what_could_not_be_concealed(monkeypatch, packed):
    """Byte for byte, whether Firehose packed it or not; the objects of other days stay where they are."""
    (program,) = re.findall(r"^python - <<'END'\n(.*?)^END$", OPERATING.read_text(encoding="utf-8"), re.M | re.S)
    wanted, other = (f"errors/events/processing-failed/2026/01/{day}/" for day in (30, 31))
    for name, value in {"STREAM": "events", "RAW_BUCKET": "raw", "FAILED": wanted, **REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    sent = [b'{"ip_address": "203.0.113.7"}', b"\xff no text\n"]
    with mock_aws():
        kinesis, s3 = boto3.client("kinesis"), boto3.client("s3")
        kinesis.create_stream(StreamName="events", ShardCount=1)
        s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": REGION["AWS_DEFAULT_REGION"]})
        for key, records in ((f"{wanted}02/a", sent), (f"{other}02/b", [b"another day"])):
            lines = [json.dumps({"attemptsMade": 1, "rawData": base64.b64encode(each).decode()}) for each in records]
            s3.put_object(Bucket="raw", Key=key, Body=packed("\n".join(lines).encode()))
        exec(program, {})
        assert _on_the_stream(kinesis) == sent


def _on_the_stream(kinesis) -> list[bytes]:
    (shard,) = kinesis.list_shards(StreamName="events")["Shards"]
    begin = kinesis.get_shard_iterator(StreamName="events", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    return [record["Data"] for record in kinesis.get_records(ShardIterator=begin["ShardIterator"])["Records"]]
