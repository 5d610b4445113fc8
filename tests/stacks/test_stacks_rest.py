"""A detector that is stopped at night: by choice only, with a snapshot, and in silence."""

import json
from dataclasses import replace

import pytest

from stacks.observability import ALARMS_OF_A_STOPPED_DETECTOR
from stacks.stages import DEV, STAGES

SCHEDULE = "AWS::Scheduler::Schedule"
MUTE = "AWS::CloudWatch::AlarmMuteRule"


def test_no_stage_stops_its_detector_by_default(every_stage):
    """Somebody has to want it: attacks of the night are found in the morning."""
    assert STAGES[every_stage.stage].detector_rests is None
    assert not [each for each in every_stage.everything if each.type in (SCHEDULE, MUTE)]


def test_it_is_stopped_and_started_at_the_hours_of_the_stage(resting):
    """In UTC, without a window in which it may happen later."""
    for name, hour, action in (("RestStop", 22, "stopApplication"), ("RestStart", 6, "startApplication")):
        properties = resting.one(SCHEDULE, name).properties
        assert properties["ScheduleExpression"] == f"cron(0 {hour} * * ? *)"
        assert properties["ScheduleExpressionTimezone"] == "UTC"
        assert properties["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert _joined(properties["Target"]["Arn"]).endswith(f":scheduler:::aws-sdk:kinesisanalyticsv2:{action}")


def test_stopping_takes_a_snapshot_and_starting_goes_on_from_it(resting):
    """A stop by force takes none, and a start without restoring would judge the night with an empty memory."""
    stop, start = (_request(resting, name) for name in ("RestStop", "RestStart"))
    assert stop == {"ApplicationName": "Detector"}
    assert start["RunConfiguration"]["ApplicationRestoreConfiguration"] == {
        "ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"
    }
    configuration = resting.one("AWS::KinesisAnalyticsV2::Application").properties["ApplicationConfiguration"]
    assert configuration["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}


def test_a_stop_that_failed_is_not_tried_again_in_the_morning(resting):
    """EventBridge Scheduler would try for a day."""
    for schedule in resting.all(SCHEDULE):
        assert schedule.properties["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600


def test_the_schedules_may_start_and_stop_this_application_only(resting):
    """They call the service directly, with a role of their own."""
    role = resting.one("AWS::IAM::Role", "RestRole")
    assert "scheduler.amazonaws.com" in json.dumps(role.properties["AssumeRolePolicyDocument"])
    (statement,) = resting.one("AWS::IAM::Policy", "RestRole").properties["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {"kinesisanalytics:StartApplication", "kinesisanalytics:StopApplication"}
    assert _joined(statement["Resource"]).endswith(":application/Detector")


def test_the_alarms_of_a_stopped_detector_are_mute_until_it_has_caught_up(resting):
    """A mail every night is one that nobody reads; every other alarm stays awake."""
    properties = resting.one(MUTE).properties
    muted = [target["Ref"] for target in properties["MuteTargets"]["AlarmNames"]]
    assert len(muted) == len(ALARMS_OF_A_STOPPED_DETECTOR)
    for name in ALARMS_OF_A_STOPPED_DETECTOR:
        assert [each for each in muted if each.startswith(name)]
    assert properties["Rule"]["Schedule"] == {"Duration": "PT9H", "Expression": "cron(0 22 * * *)"}


def test_the_rules_find_nothing_new(resting, dev):
    """The opt-in is held to the same rules."""
    assert resting.findings() == dev.findings() == []


@pytest.mark.parametrize("hours", [(6, 22), (22, 22), (24, 6), (-1, 5)])
def test_a_rest_that_would_lose_records_is_refused(hours: tuple[int, int]):
    """More than half of what the stream keeps, or hours that are none."""
    with pytest.raises(ValueError, match="detector_rests"):
        replace(DEV, detector_rests=hours)


def test_a_longer_rest_needs_a_longer_retention():
    """Sixteen hours are fine where the stream keeps a week."""
    assert replace(DEV, detector_rests=(6, 22), stream_retention_hours=7 * 24).detector_rest_hours == 16


def _request(resting, name: str) -> dict:
    return json.loads(_joined(resting.one(SCHEDULE, name).properties["Target"]["Input"]))


def _joined(value: dict) -> str:
    """Return a joined text with references as their names."""
    return "".join(part if isinstance(part, str) else part["Ref"] for part in value["Fn::Join"][1])
