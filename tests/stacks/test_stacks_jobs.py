"""The batch jobs: when they run, how they end, and who hears of it."""

import json
import re

import pytest


def test_curate_runs_daily_and_the_marts_after_it(every_stage):
    """Answers from half a day of records would be wrong without looking so."""
    daily = every_stage.one("AWS::Glue::Trigger", "BatchEveryDay").properties
    after = every_stage.one("AWS::Glue::Trigger", "BatchWhenCurated").properties
    assert (daily["Type"], daily["Schedule"]) == ("SCHEDULED", "cron(0 2 * * ? *)")
    assert daily["Actions"] == [{"JobName": _job(every_stage, "Curate")}]
    condition = after["Predicate"]["Conditions"][0]
    assert (condition["JobName"], condition["State"]) == (_job(every_stage, "Curate"), "SUCCEEDED")
    assert (after["Type"], after["Actions"]) == ("CONDITIONAL", [{"JobName": _job(every_stage, "Marts")}])


def test_maintenance_keeps_the_files_in_order_once_a_week(every_stage):
    """Nobody would remember to; what it does beyond that is started by hand."""
    weekly = every_stage.one("AWS::Glue::Trigger", "BatchEveryWeek").properties
    assert (weekly["Type"], weekly["Schedule"]) == ("SCHEDULED", "cron(0 12 ? * SUN *)")
    assert weekly["Actions"] == [{"JobName": _job(every_stage, "Maintenance")}]
    job = every_stage.one("AWS::Glue::Job", "BatchMaintenance").properties
    assert job["DefaultArguments"]["--job"] == "upkeep"


def test_a_trigger_that_is_deployed_is_on(every_stage):
    """Glue creates triggers switched off."""
    assert all(trigger.properties["StartOnCreation"] is True for trigger in every_stage.all("AWS::Glue::Trigger"))


def test_jobs_end_take_turns_and_encrypt(every_stage):
    """A job that hangs bills by the second, and two runs at once would take the same objects."""
    for job in every_stage.all("AWS::Glue::Job"):
        assert job.properties["GlueVersion"] == "5.1"
        assert job.properties["Timeout"] <= 240
        assert job.properties["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
        assert job.properties["SecurityConfiguration"]
        assert job.properties["DefaultArguments"]["--datalake-formats"] == "iceberg"


@pytest.mark.parametrize(("job", "retries"), [("Curate", 1), ("Marts", 1), ("Maintenance", 0)])
def test_only_what_may_be_repeated_unseen_is_retried(every_stage, job, retries):
    """An erasure that stopped halfway is looked at before it goes on."""
    assert every_stage.one("AWS::Glue::Job", f"Batch{job}").properties["MaxRetries"] == retries


def test_a_failed_job_reaches_an_operator(every_stage):
    """Yesterday's answers stay up when the job fails, so nobody sees it in them."""
    rule = every_stage.one("AWS::Events::Rule", "JobFailed").properties
    assert rule["EventPattern"]["source"] == ["aws.glue"]
    assert rule["EventPattern"]["detail-type"] == ["Glue Job State Change"]
    assert set(rule["EventPattern"]["detail"]["state"]) == {"FAILED", "TIMEOUT", "STOPPED"}
    watched = json.dumps(rule["EventPattern"]["detail"]["jobName"])
    assert all(job.logical_id in watched for job in every_stage.all("AWS::Glue::Job"))
    assert "Operations" in json.dumps(rule["Targets"])


def test_the_mail_about_a_failed_job_says_which_run_and_nothing_that_the_run_said(every_stage):
    """That may quote a shopper, or have a quotation mark, which no mail may have to come through."""
    transformer = every_stage.one("AWS::Events::Rule", "JobFailed").properties["Targets"][0]["InputTransformer"]
    used = set(re.findall("<([^>]+)>", transformer["InputTemplate"]))
    assert used == set(transformer["InputPathsMap"]) == {"jobName", "jobRunId", "state"}
    assert all(path == f"$.detail.{name}" for name, path in transformer["InputPathsMap"].items())


@pytest.mark.parametrize("job", ["Curate", "Marts"])
def test_a_job_that_did_not_succeed_for_a_day_is_missed(every_stage, job):
    """A run that was never started fails nowhere. The count of successes is that of a rule's matches."""
    rule = every_stage.one("AWS::Events::Rule", f"Batch{job}Succeeded")
    detail = rule.properties["EventPattern"]["detail"]
    assert detail == {"state": ["SUCCEEDED"], "jobName": [_job(every_stage, job)]}
    alarm = every_stage.one("AWS::CloudWatch::Alarm", f"{job}Overdue").properties
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Events", "TriggeredRules", "Sum")
    assert rule.logical_id in json.dumps(alarm["Dimensions"])
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"
    assert 24 * 3600 < alarm["Period"] * alarm["EvaluationPeriods"] <= 7 * 24 * 3600
    assert alarm["Period"] >= 3600  # over shorter periods CloudWatch looks back a day at most


def _job(stage, title) -> dict[str, str]:
    return {"Ref": stage.one("AWS::Glue::Job", f"Batch{title}").logical_id}
