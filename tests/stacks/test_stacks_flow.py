"""What flows where, and what happens to what cannot flow."""

import json
import re
from typing import Any

import pytest

from commerce import metrics
from glue_jobs.marts import marts
from glue_jobs.questions import questions
from lambdas.clients import STEADY
from lambdas.respond.responder import PAUSES_SECONDS, RESERVE_SECONDS

DELIVERY = "AWS::KinesisFirehose::DeliveryStream"


def test_a_poison_record_cannot_hold_up_its_shard(every_stage):
    """Without these settings one bad record is tried until it expires, and everything behind it waits."""
    reading = every_stage.one("AWS::Lambda::EventSourceMapping").properties
    assert reading["BisectBatchOnFunctionError"] is True
    assert 0 < reading["MaximumRetryAttempts"] <= 50
    assert 0 < reading["MaximumRecordAgeInSeconds"] <= 86_400
    assert reading["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "DeadLetters" in json.dumps(reading["DestinationConfig"]["OnFailure"])


def test_the_responder_reads_incidents_from_the_beginning(every_stage):
    """An incident written while the responder was being deployed is answered too."""
    reading = every_stage.one("AWS::Lambda::EventSourceMapping").properties
    assert reading["StartingPosition"] == "TRIM_HORIZON"
    assert "Incidents" in json.dumps(reading["EventSourceArn"])


def test_a_responder_that_hangs_is_ended_soon_and_one_that_waits_is_not(every_stage):
    """Its time is that of one recovery; a claim and the longest call of the table lie within it."""
    limit = every_stage.one("AWS::Lambda::Function", "Responder").properties["Timeout"]
    longest_call = STEADY.retries["total_max_attempts"] * (STEADY.connect_timeout + STEADY.read_timeout)
    assert max(sum(PAUSES_SECONDS), longest_call) + RESERVE_SECONDS < limit <= 30


@pytest.mark.parametrize("name", ["Events", "Incidents"])
def test_every_record_is_delivered_as_a_line(every_stage, name):
    """Two records on one line would be one record that is none."""
    delivery = every_stage.one(DELIVERY, name).properties
    s3 = delivery["ExtendedS3DestinationConfiguration"]
    processor = s3["ProcessingConfiguration"]["Processors"][0]
    assert (s3["ProcessingConfiguration"]["Enabled"], processor["Type"]) == (True, "AppendDelimiterToRecord")
    assert processor["Parameters"] == [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]
    assert s3["CompressionFormat"] == "GZIP"
    assert name in json.dumps(delivery["KinesisStreamSourceConfiguration"]["KinesisStreamARN"])


@pytest.mark.parametrize("name", ["Events", "Incidents"])
def test_what_cannot_be_delivered_is_kept_apart(every_stage, name):
    """Among the raw records it would be read as one of them."""
    s3 = every_stage.one(DELIVERY, name).properties["ExtendedS3DestinationConfiguration"]
    assert s3["Prefix"] == f"raw/{name.lower()}/!{{timestamp:yyyy/MM/dd/HH}}/"
    assert s3["ErrorOutputPrefix"].startswith(f"errors/{name.lower()}/")
    assert s3["CloudWatchLoggingOptions"]["Enabled"] is True


def test_firehose_may_only_add_objects(every_stage):
    """The raw bytes are what everything is rebuilt from: nobody who writes them may delete them."""
    policies = [p for p in every_stage.all("AWS::IAM::Policy") if "Delivery" in p.logical_id]
    assert len(policies) == 2
    for policy in policies:
        assert "s3:Delete" not in json.dumps(policy.properties)


def test_the_detector_takes_checkpoints_and_snapshots(every_stage):
    """Without them a restart forgets every episode that is open."""
    configuration = every_stage.one("AWS::KinesisAnalyticsV2::Application").properties["ApplicationConfiguration"]
    checkpoints = configuration["FlinkApplicationConfiguration"]["CheckpointConfiguration"]
    assert checkpoints["CheckpointingEnabled"] is True
    assert checkpoints["CheckpointInterval"] == 10_000
    assert configuration["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}


def test_a_running_detector_comes_back_from_every_deployment(every_stage):
    """A rule taken out leaves state that nobody claims, and each update has to say anew that it may be left behind."""
    assert every_stage.one("AWS::KinesisAnalyticsV2::Application").properties["RunConfiguration"] == {
        "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
        "FlinkRunConfiguration": {"AllowNonRestoredState": True},
    }


def test_the_detector_runs_on_the_flink_it_was_tried_on(every_stage):
    """The connector is built for one Flink."""
    assert every_stage.one("AWS::KinesisAnalyticsV2::Application").properties["RuntimeEnvironment"] == "FLINK-1_20"


def test_the_detector_logs(every_stage):
    """A job that fails to start says why in its log only."""
    configuration = every_stage.one("AWS::KinesisAnalyticsV2::Application").properties["ApplicationConfiguration"]
    assert configuration["FlinkApplicationConfiguration"]["MonitoringConfiguration"]["LogLevel"] == "INFO"
    option = every_stage.one("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption")
    assert "log-stream" in json.dumps(option.properties["CloudWatchLoggingOption"])


def test_deploying_leaves_the_detector_running(every_stage):
    """Creating the application does not start it. New code is a change, so that an update starts it again."""
    running = every_stage.one("Custom::RunningDetector")
    assert "Starter" in json.dumps(running.properties["ServiceToken"])
    assert running.properties["ApplicationName"] == {
        "Ref": every_stage.one("AWS::KinesisAnalyticsV2::Application").logical_id
    }
    assert running.properties["CodeKey"].endswith(".zip")


def test_the_detector_is_started_only_when_it_can_log(every_stage):
    """Logging cannot be added to an application while it starts."""
    option = every_stage.one("AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption")
    assert option.logical_id in every_stage.one("Custom::RunningDetector").body["DependsOn"]


def test_the_detector_is_made_when_its_role_may_read_the_code(every_stage):
    """Managed Flink fetches the code with the role as soon as the application is there, and refuses what it cannot."""
    policy = every_stage.one("AWS::IAM::Policy", "RoleDefaultPolicy")
    assert policy.logical_id in every_stage.one("AWS::KinesisAnalyticsV2::Application").body["DependsOn"]


def test_a_question_cannot_scan_without_bound(every_stage):
    """Athena bills by the byte, and a client may not talk it out of the encryption either."""
    configuration = every_stage.one("AWS::Athena::WorkGroup").properties["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert 0 < configuration["BytesScannedCutoffPerQuery"] <= 1024**4
    assert configuration["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_S3"


def test_raw_tables_show_every_line_as_it_came(every_stage):
    """A table that parses would leave out exactly the lines one is looking for."""
    for table in every_stage.all("AWS::Glue::Table"):
        text = table.properties["TableInput"]
        assert [column["Name"] for column in text["StorageDescriptor"]["Columns"]] == ["line"]
        assert text["Parameters"]["projection.enabled"] == "true"


def test_every_alarm_reaches_an_operator(every_stage):
    """An alarm that nobody hears is a colour on a page."""
    for alarm in every_stage.all("AWS::CloudWatch::Alarm"):
        assert "Operations" in json.dumps(alarm.properties["AlarmActions"]), alarm.logical_id
        assert alarm.properties["AlarmDescription"].startswith("Floorwalker: ")


@pytest.mark.parametrize(
    "watched",
    [
        "GetRecords.IteratorAgeMilliseconds",
        "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded",
        "DeliveryToS3.DataFreshness",
        "DeliveryToS3.Records",
        "fullRestarts",
        "downtime",
        "ApproximateNumberOfMessagesVisible",
        "Errors",
        metrics.RECORDS_REJECTED.name,
        metrics.EVENTS_LATE.name,
        metrics.EVENTS_ON_TIME.name,
        metrics.RECORDS_FAILED.name,
        metrics.ALLOW_LIST_UNREAD.name,
    ],
)
def test_every_way_to_fail_in_silence_has_an_alarm(every_stage, watched):
    """Each of these numbers is the only sign of its kind of failure."""
    assert any(watched in json.dumps(alarm.properties) for alarm in every_stage.all("AWS::CloudWatch::Alarm"))


@pytest.mark.parametrize(
    ("alarm", "of", "sounds"),
    [
        ("EventsBehind", "RefEvents", ("Maximum", "above", 60_000, 1)),
        ("IncidentsBehind", "RefIncidents", ("Maximum", "above", 60_000, 1)),
        ("EventsWritesThrottled", "RefEvents", ("Sum", "above", 0, 15)),
        ("IncidentsWritesThrottled", "RefIncidents", ("Sum", "above", 0, 15)),
        ("EventsReadsThrottled", "RefEvents", ("Average", "above", 0.5, 15)),
        ("IncidentsReadsThrottled", "RefIncidents", ("Average", "above", 0.5, 15)),
        ("EventsUndelivered", "EventsDelivery", ("Maximum", "above", 1_800, 5)),
        ("IncidentsUndelivered", "IncidentsDelivery", ("Maximum", "above", 1_800, 5)),
        ("DetectorRestarting", "DIFF(restarts)", ("Maximum", "above", 0, 5)),
        ("DetectorDown", "RefDetector", ("Maximum", "above", 0, 15)),
        ("Silence", metrics.EVENTS_ON_TIME.name, ("Sum", "below", 1, {"dev": 60, "prod": 15, "laptop": 60})),
        ("RecordsRejected", f"SUM({metrics.RECORDS_REJECTED.name})", (None, "above", 100, 5)),
        ("EventsLate", metrics.EVENTS_LATE.name, ("Sum", "above", 1_000, 5)),
        ("ResponderErrors", "RefResponder", ("Sum", "above", 0, 5)),
        ("RecordsFailed", metrics.RECORDS_FAILED.name, ("Sum", "above", 0, 5)),
        ("AllowListUnread", metrics.ALLOW_LIST_UNREAD.name, ("Sum", "above", 0, 5)),
        ("DeadLettersWaiting", "DeadLetters", ("Maximum", "above", 0, 5)),
    ],
)
def test_an_alarm_sounds_when_its_section_of_the_runbook_says(
    every_stage: Any, alarm: str, of: str, sounds: tuple[Any, ...]
) -> None:
    """Watching the wrong thing, for a thousand times as much or as long, it would be as good as none."""
    properties = every_stage.one("AWS::CloudWatch::Alarm", alarm).properties
    assert of in json.dumps(properties.get("Metrics", properties.get("Dimensions")))
    found = [each.get("MetricStat", each) for each in properties.get("Metrics", [properties])]
    (period,) = {each["Period"] for each in found if "Period" in each}
    (statistic,) = {each.get("Stat", each.get("Statistic")) for each in found if "Period" in each}
    direction = {"GreaterThanThreshold": "above", "LessThanThreshold": "below"}[properties["ComparisonOperator"]]
    minutes = period * properties["EvaluationPeriods"] // 60
    *how, when = sounds
    assert [statistic, direction, properties["Threshold"]] == how
    assert minutes == (when[every_stage.stage] if isinstance(when, dict) else when)


@pytest.mark.parametrize("way", ["Write", "Read"])
@pytest.mark.parametrize("feed", ["Events", "Incidents"])
def test_a_stream_that_refuses_is_told_of_only_when_it_lasts(every_stage, feed, way):
    """A refusal or two in a busy second is tried again: only where every period has some does nobody get through."""
    alarm = every_stage.one("AWS::CloudWatch::Alarm", f"{feed}{way}sThrottled").properties
    (watched,) = (each["MetricStat"]["Metric"] for each in alarm["Metrics"])
    assert (watched["Namespace"], watched["MetricName"]) == ("AWS/Kinesis", f"{way}ProvisionedThroughputExceeded")
    assert alarm["EvaluationPeriods"] == 3
    assert "DatapointsToAlarm" not in alarm
    # A stream that nobody writes to refuses nothing.
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("way", ["Write", "Read"])
def test_the_dashboard_shows_what_both_streams_refuse(every_stage, way):
    """Whoever is told of it sees when it began."""
    shown = json.dumps(every_stage.one("AWS::CloudWatch::Dashboard").properties)
    assert shown.count(f"{way}ProvisionedThroughputExceeded") == 2


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_stage_looks_at_its_own_metrics(synthesised, name):
    """Else the traffic of one stage keeps the alarm of another quiet that hears nothing."""
    stage = synthesised(name)
    watching = (*stage.all("AWS::CloudWatch::Alarm"), *stage.all("AWS::CloudWatch::Dashboard"))
    text = json.dumps([each.properties for each in watching])
    namespaces = set(re.findall(r"Floorwalker[/\w]*(?![/\w: ])", text))
    assert namespaces == {metrics.namespace(name)}


@pytest.mark.parametrize("name", ["Silence", "DetectorDown"])
def test_no_news_is_bad_news_for_signs_of_life(every_stage, name):
    """A detector that is gone publishes nothing, not even that it is gone."""
    assert every_stage.one("AWS::CloudWatch::Alarm", name).properties["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("feed", ["Events", "Incidents"])
def test_a_delivery_that_says_nothing_is_missed_only_where_records_come_in(every_stage, feed):
    """Firehose that cannot read has no age to tell, and neither has one of a shop that is closed."""
    alarm = every_stage.one("AWS::CloudWatch::Alarm", f"{feed}DeliveryStopped").properties
    (rule,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    looked_at = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    assert rule == "IF(FILL(came, 0) > 0 AND FILL(went, 0) == 0, 1, 0)"
    came, went = (looked_at[name]["Metric"] for name in ("came", "went"))
    assert (came["MetricName"], went["MetricName"]) == ("IncomingRecords", "DeliveryToS3.Records")
    assert feed in json.dumps(came["Dimensions"])
    assert feed in json.dumps(went["Dimensions"])
    # A lone record at the end of a period is delivered in the next one.
    assert (alarm["EvaluationPeriods"], alarm["Threshold"]) == (2, 0)


@pytest.mark.parametrize("informant", ["cloudwatch.amazonaws.com", "events.amazonaws.com"])
def test_what_informs_the_operator_may_use_the_topic_and_its_key(every_stage, informant):
    """An encrypted topic drops an alarm that may not use its key, and nobody hears of it."""
    statements = every_stage.one("AWS::KMS::Key", "TopicsKey").properties["KeyPolicy"]["Statement"]
    granted = {action for each in statements if _is_of(each, informant) for action in each["Action"]}
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= granted
    assert len(_publishing(every_stage, informant)) == 1


def test_eventbridge_publishes_without_a_condition(every_stage):
    """It gives a topic no source account or rule to judge by: with a condition every failed job would be unheard."""
    assert "Condition" not in _publishing(every_stage, "events.amazonaws.com")[0]
    assert "Condition" in _publishing(every_stage, "cloudwatch.amazonaws.com")[0]


def test_every_mart_is_a_named_query_in_both_readings(dev):
    """Athena offers each mart, with and without what automata did."""
    saved = {query.properties["Name"]: query.properties["QueryString"] for query in dev.all("AWS::Athena::NamedQuery")}
    for mart in marts():
        if not mart.working:
            assert f"FROM {mart.name}\nWHERE reading = 'all_traffic'" in saved[mart.name]
            assert f"FROM {mart.name}\nWHERE reading = 'people_only'" in saved[f"{mart.name}_people_only"]


def test_every_question_is_a_named_query_and_no_other(dev):
    """Athena offers the questions under the names that the command line takes."""
    asked = {name for question in questions().values() for name, _, _ in question.athena_queries()}
    assert {query.properties["Name"] for query in dev.all("AWS::Athena::NamedQuery")} == asked
    assert {"incident_events", "user_history", "curate_runs"} <= asked


def _publishing(stage, service) -> list[dict]:
    """Return the statements that let the service publish to the operations topic."""
    policies = [p for p in stage.all("AWS::SNS::TopicPolicy") if "Operations" in p.logical_id]
    statements = [each for policy in policies for each in policy.properties["PolicyDocument"]["Statement"]]
    return [each for each in statements if _is_of(each, service) and each["Action"] == "sns:Publish"]


def _is_of(statement, service) -> bool:
    principals = statement["Principal"].get("Service", []) if isinstance(statement["Principal"], dict) else []
    return service in ([principals] if isinstance(principals, str) else principals)
