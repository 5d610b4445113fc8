"""The stages run the same stacks and differ in arguments; a stage that is none is refused in a line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import Stack, assertions

from stacks.stages import LOG_RETENTIONS, STAGES, Stage, UnknownSettingError, UnknownStageError, stage_named

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = (
    "Version",
    "EventsStreamName",
    "IncidentsStreamName",
    "RawBucketName",
    "LakeBucketName",
    "IncidentsTableName",
    "AllowListTableName",
    "AlertsTopicArn",
    "DetectorName",
    "ResponderName",
    "DeadLettersUrl",
    "GlueDatabaseName",
    "CurateJobName",
    "MartsJobName",
    "MaintenanceJobName",
    "WorkgroupName",
)


@pytest.mark.parametrize("key", OUTPUTS)
def test_what_people_need_is_an_output(every_stage, key):
    """Physical names are CloudFormation's choice: the outputs are where one reads them."""
    assert every_stage.output(key)


def test_every_output_is_explained(dev):
    """An output that no page names is found by nobody."""
    explained = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "aws.md").read_text(encoding="utf-8"), re.MULTILINE)
    keys = {key for template in dev.templates.values() for key in template.get("Outputs", {})}
    assert {key for key in keys if not key.startswith("ExportsOutput")} == set(explained) - {
        "InsightsUrl",
        "DataKeyArn",
    }


def test_every_stage_has_the_same_kinds_of_resources(synthesised):
    """What was tried on a laptop is what runs in production."""
    emptying = {"Custom::S3AutoDeleteObjects"}
    kinds = {name: {r.type for r in synthesised(name).everything} - emptying for name in STAGES}
    assert kinds["dev"] == kinds["prod"] == kinds["laptop"]


def test_streams_are_on_demand_unless_the_stage_counts_shards(dev, laptop):
    """On-demand streams need no planning; a laptop knows its load."""
    for stream in dev.all("AWS::Kinesis::Stream"):
        assert stream.properties["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
        assert "ShardCount" not in stream.properties
    for stream in laptop.all("AWS::Kinesis::Stream"):
        assert stream.properties["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
        assert stream.properties["ShardCount"] == 1


def test_the_laptop_delivers_at_once(laptop):
    """Whoever tries the platform should not wait five minutes for the first object."""
    for delivery in laptop.all("AWS::KinesisFirehose::DeliveryStream"):
        assert delivery.properties["ExtendedS3DestinationConfiguration"]["BufferingHints"]["IntervalInSeconds"] <= 5


@pytest.mark.parametrize("name", ["production", "", None])
def test_an_unknown_stage_is_refused_with_the_list(name):
    """One line that says what to do."""
    with pytest.raises(UnknownStageError) as refusal:
        stage_named(name)
    assert "\n" not in str(refusal.value)
    assert all(stage in str(refusal.value) for stage in STAGES)


def test_the_program_refuses_an_unknown_stage_in_one_line():
    """A stack trace would bury the line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_CONTEXT_JSON": '{"stage": "moon"}'}
    command = [sys.executable, "app.py"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "'moon' is no stage" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_stage_without_alert_mail_has_no_subscription(new_app):
    """A synth needs no address; a deployment asks for one."""
    from app import build

    app = new_app(stage="dev")
    build(app)
    templates = [stack.template for stack in app.synth().stacks]
    assert not [r for t in templates for r in t["Resources"].values() if r["Type"] == "AWS::SNS::Subscription"]


def test_the_alert_mail_goes_to_both_topics(dev):
    """The shop learns of attacks, the operator of failures; at first they are one person."""
    subscriptions = dev.all("AWS::SNS::Subscription")
    assert [s.properties["Endpoint"] for s in subscriptions] == ["keeper@example.com"] * 2


def test_a_threshold_that_no_rule_has_is_refused_before_it_is_deployed():
    """The detector would fail on it at its start, in the account."""
    with pytest.raises(ValueError, match="no rule has the threshold"):
        Stage(name="trial", threshold_overrides=("request_flood.clicks=10",))


def test_a_time_zone_that_is_none_is_refused_before_it_is_deployed():
    """The detector would fail on it at its start, and the lake at its first build."""
    with pytest.raises(ValueError, match="'Europe/Berlino': it has to be the name of a time zone"):
        Stage(name="trial", shop_time_zone="Europe/Berlino")


@pytest.mark.parametrize("told", ["evnts=90", "events=never", "events=7"])
def test_a_retention_that_is_none_is_refused_before_it_is_deployed(told):
    """Upkeep would fail on it, on a Sunday."""
    with pytest.raises(ValueError, match="table_retention"):
        Stage(name="trial", table_retention=(told,))


def test_logs_are_kept_for_as_long_as_the_service_can_be_told(new_app):
    """It knows some numbers of days and no others; whoever takes the next best should not need to know where."""
    from stacks.parts.log_group import log_group

    stack = Stack(new_app(), "Trial")
    for number, days in enumerate(LOG_RETENTIONS):
        log_group(stack, f"Logs{number}", stage=Stage(name="trial", log_retention_days=days))
    groups = assertions.Template.from_stack(stack).find_resources("AWS::Logs::LogGroup").values()
    assert [group["Properties"]["RetentionInDays"] for group in groups] == list(LOG_RETENTIONS)
    with pytest.raises(UnknownSettingError, match="log_retention_days is 20: it has to be one of 1, 3, 5"):
        Stage(name="trial", log_retention_days=20)


@pytest.mark.parametrize(
    ("setting", "value", "bound"),
    [
        ("stream_retention_hours", 23, "from 24 to 8760"),
        ("stream_retention_hours", 8_761, "from 24 to 8760"),
        ("shards_per_stream", 0, "at least 1"),
        ("raw_retention_days", 0, "at least 1"),
        ("incident_retention_days", 0, "at least 1"),
        ("delivery_buffer_seconds", 901, "from 0 to 900"),
        ("delivery_buffer_mebibytes", 129, "from 1 to 128"),
        ("detector_parallelism", 0, "at least 1"),
        ("detector_parallelism_per_kpu", 9, "from 1 to 8"),
        ("batch_workers", 1, "at least 2"),
        ("rejected_tolerated", -1, "at least 0"),
        ("bytes_scanned_cutoff", 9_999_999, "at least 10000000"),
    ],
)
def test_a_number_that_aws_would_refuse_is_refused_before_it_is_deployed(setting, value, bound):
    """A deployment finds out half-way, and then has to be taken back; and a row kept for no day is told of twice."""
    with pytest.raises(UnknownSettingError, match=f"{setting} is {value}: it has to be {bound}"):
        Stage(name="trial", **{setting: value})


@pytest.mark.parametrize("name", ["", "prod-eu", "Prod", "1st", "a" * 21, "prod_eu"])
def test_a_name_that_could_be_taken_for_another_stage_is_refused(name):
    """Stacks are told by the beginning of their names: `make destroy` of prod would find those of prod-eu."""
    with pytest.raises(UnknownSettingError, match="small letters and digits"):
        Stage(name=name)


@pytest.mark.parametrize("minutes", [0, 4, 7, 1445])
def test_a_silence_that_no_alarm_can_wait_for_is_refused(minutes):
    """It counts periods of five minutes, and CloudWatch a day of them at most."""
    with pytest.raises(UnknownSettingError, match=f"silence_minutes is {minutes}: it has to be a multiple of 5"):
        Stage(name="trial", silence_minutes=minutes)


def test_a_network_that_is_none_is_refused_before_it_is_deployed():
    """The detector would fail on it at its start, in the account."""
    with pytest.raises(ValueError, match=r"192\.0\.2\.300"):
        Stage(name="trial", known_networks=("192.0.2.300/24",))


@pytest.mark.parametrize(
    ("name", "item"), [("known_networks", "192.0.2.0/24"), ("threshold_overrides", "request_flood.events=100")]
)
def test_a_list_too_long_for_the_detector_is_refused_before_it_is_deployed(name, item):
    """Managed Flink takes 2,048 characters in a property; a deployment would fail half-way."""
    fitting = (2_048 + 1) // (len(item) + 1)
    Stage(name="trial", **{name: (item,) * fitting})
    with pytest.raises(ValueError, match=f"{name} comes to [0-9]+ characters, and Managed Flink takes 2048"):
        Stage(name="trial", **{name: (item,) * (fitting + 1)})
