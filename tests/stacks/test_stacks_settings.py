"""What a stack hands to a program is what the program reads."""

import json
from typing import Any

import pytest

from commerce.rules import RULES
from commerce.rules.rule import with_thresholds
from commerce.settings import decode, from_environment
from flink_app.settings import PROPERTY_GROUP, DetectorSettings
from glue_jobs.jobs import JOBS
from glue_jobs.settings import NO_NETWORKS, LakeSettings, kept_days
from lambdas.respond.settings import RespondSettings
from stacks.stages import STAGES


def test_the_detectors_properties_decode_to_its_settings(every_stage):
    """A misspelt property would leave the detector without its streams."""
    settings = decode(DetectorSettings, _property_groups(every_stage)[PROPERTY_GROUP])
    stage = STAGES[every_stage.stage]
    assert settings.allowed_lateness_seconds == stage.allowed_lateness_seconds
    assert settings.threshold_overrides == stage.threshold_overrides
    assert settings.known_networks == stage.known_networks
    assert (settings.behavioural_risk, settings.shop_time_zone) == (stage.behavioural_risk, stage.shop_time_zone)
    assert settings.endpoint_url == ""
    assert "Events" in settings.events_stream
    assert "Incidents" in settings.incidents_stream


def test_no_property_of_the_detector_is_empty(every_stage):
    """Managed Flink refuses an empty property value."""
    for group in _property_groups(every_stage).values():
        assert all(group.values())


def test_the_detector_is_started_by_its_program_and_jar(every_stage):
    """Managed Flink takes the names as paths within the zip."""
    options = _property_groups(every_stage)["kinesis.analytics.flink.run.options"]
    assert options["python"] == "flink_app/main.py"
    assert options["jarfile"] == "lib/floorwalker-detector.jar"


def test_the_responders_environment_decodes_to_its_settings(every_stage):
    """The handler reads the environment through the same class."""
    function = every_stage.one("AWS::Lambda::Function", "Responder")
    settings = from_environment(RespondSettings, _as_text(function.properties["Environment"]["Variables"]))
    assert settings.stage == every_stage.stage
    assert settings.retention_days == STAGES[every_stage.stage].incident_retention_days
    assert "IncidentsTable" in settings.incidents_table
    assert "AllowListTable" in settings.allow_list_table
    assert "Alerts" in settings.alerts_topic_arn


def test_an_alert_names_a_workgroup_and_a_question_that_exist(every_stage):
    """The mail tells its reader where to ask further."""
    function = every_stage.one("AWS::Lambda::Function", "Responder")
    variables = function.properties["Environment"]["Variables"]
    assert variables["ATHENA_WORKGROUP"] == every_stage.one("AWS::Athena::WorkGroup").properties["Name"]
    questions = [query.properties["Name"] for query in every_stage.all("AWS::Athena::NamedQuery")]
    assert variables["SAMPLE_EVENTS_QUERY"] in questions


@pytest.mark.parametrize("job", ["BatchCurate", "BatchMarts", "BatchMaintenance"])
def test_the_jobs_arguments_decode_to_their_settings(every_stage, job):
    """Glue hands arguments over as --name value."""
    arguments = every_stage.one("AWS::Glue::Job", job).properties["DefaultArguments"]
    settings = decode(LakeSettings, {name.removeprefix("--"): text for name, text in _as_text(arguments).items()})
    assert arguments["--job"] in JOBS
    stage = STAGES[every_stage.stage]
    assert (settings.engine, settings.catalog) == (stage.batch_engine, stage.catalog)
    assert settings.database == every_stage.output("GlueDatabaseName")
    assert "AllowListTable" in settings.allow_list_table
    assert settings.known_networks == (stage.known_networks or NO_NETWORKS)
    assert settings.table_retention == stage.table_retention


def test_upkeep_is_told_what_is_not_kept_for_ever(resting):
    """The job that deletes reads the setting of the stage."""
    arguments = resting.one("AWS::Glue::Job", "BatchMaintenance").properties["DefaultArguments"]
    told = decode(LakeSettings, {name.removeprefix("--"): text for name, text in _as_text(arguments).items()})
    assert kept_days(told.table_retention) == {"events": 400, "incidents": 400, "risk_signals": 400, "rejects": 90}


def test_the_lake_and_the_concealer_welcome_whom_the_detector_does(welcoming):
    """An automaton that is counted and not judged, and yet counted among people, is what the setting is against."""
    properties = _property_groups(welcoming)[PROPERTY_GROUP]
    arguments = welcoming.one("AWS::Glue::Job", "BatchMarts").properties["DefaultArguments"]
    variables = welcoming.one("AWS::Lambda::Function", "Concealer").properties["Environment"]["Variables"]
    told = {properties["known_networks"], arguments["--known_networks"], variables["KNOWN_NETWORKS"]}
    assert told == {"192.0.2.0/24,198.51.100.7/32"}


def test_the_jobs_read_where_firehose_writes(every_stage):
    """Two prefixes that differ by a letter would make an empty lake."""
    arguments = every_stage.one("AWS::Glue::Job", "BatchCurate").properties["DefaultArguments"]
    written = {
        delivery.properties["ExtendedS3DestinationConfiguration"]["Prefix"].split("!")[0]
        for delivery in every_stage.all("AWS::KinesisFirehose::DeliveryStream")
    }
    assert written == {arguments["--events_prefix"], arguments["--incidents_prefix"]}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_threshold_overrides_fit_the_rules(name):
    """An override that fits no rule would stop the detector only after it is deployed."""
    with_thresholds(RULES, STAGES[name].threshold_overrides)


def _property_groups(stage) -> dict[str, dict[str, str]]:
    application = stage.one("AWS::KinesisAnalyticsV2::Application")
    groups = application.properties["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: _as_text(group["PropertyMap"]) for group in groups}


def _as_text(values: dict[str, Any]) -> dict[str, str]:
    """Return the values with references to other resources written out, as CloudFormation resolves them to text."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
