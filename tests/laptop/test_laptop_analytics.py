"""Managed Flink's API: what the service keeps of how an application is to start, and of its snapshots."""

import json

import pytest
from botocore.exceptions import ClientError
from laptop_rig import Cloud

from laptop.cloud.backchannel import tell

LATEST = {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}
FORGIVING = {"AllowNonRestoredState": True}


def application(name: str, code: str) -> dict:
    """Return the properties of an application that says how it comes back."""
    location = {"BucketARN": "arn:aws:s3:::b", "FileKey": code}
    return {
        "ApplicationName": name,
        "RuntimeEnvironment": "FLINK-1_20",
        "ServiceExecutionRole": "arn:aws:iam::123456789012:role/any",
        "ApplicationConfiguration": {
            "ApplicationCodeConfiguration": {
                "CodeContentType": "ZIPFILE",
                "CodeContent": {"S3ContentLocation": location},
            }
        },
        "RunConfiguration": {"ApplicationRestoreConfiguration": LATEST, "FlinkRunConfiguration": FORGIVING},
    }


def create(cloud: Cloud, name: str, *, status: str = "READY") -> None:
    given = {key: value for key, value in application(name, "one.zip").items() if key != "RunConfiguration"}
    cloud.client("kinesisanalyticsv2").create_application(**given)
    tell(cloud.endpoint_url, "application-status", name=name, status=status)


def deploy(cloud: Cloud, name: str, code: str) -> None:
    """Create or update the stack that has the application only."""
    stacks = cloud.client("cloudformation")
    resource = {"Type": "AWS::KinesisAnalyticsV2::Application", "Properties": application(name, code)}
    known = [stack["StackName"] for stack in stacks.describe_stacks()["Stacks"]]
    make = stacks.update_stack if name in known else stacks.create_stack
    make(StackName=name, TemplateBody=json.dumps({"Resources": {"App": resource}}))
    status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def forgives(cloud: Cloud, name: str) -> bool | None:
    """Return whether state that nobody claims is allowed; None where nothing is said of how it starts."""
    detail = cloud.client("kinesisanalyticsv2").describe_application(ApplicationName=name)["ApplicationDetail"]
    run = detail["ApplicationConfigurationDescription"].get("RunConfigurationDescription")
    if run is None:
        return None
    assert run["ApplicationRestoreConfigurationDescription"] == LATEST
    return run["FlinkRunConfigurationDescription"]["AllowNonRestoredState"]


def refusal(ask, **given) -> str:
    """Return the code of the error that the request is answered with."""
    with pytest.raises(ClientError) as refused:
        ask(**given)
    return refused.value.response["Error"]["Code"]


def test_an_update_allows_unclaimed_state_only_if_it_says_so(cloud, unique):
    """As in AWS, whatever the last start said: a plan without a rule would not start, and only there."""
    analytics = cloud.client("kinesisanalyticsv2")
    create(cloud, unique)
    run = {"ApplicationRestoreConfiguration": LATEST, "FlinkRunConfiguration": FORGIVING}
    analytics.start_application(ApplicationName=unique, RunConfiguration=run)
    assert forgives(cloud, unique) is True
    tell(cloud.endpoint_url, "application-status", name=unique, status="RUNNING")
    analytics.update_application(ApplicationName=unique)
    assert forgives(cloud, unique) is False
    analytics.update_application(ApplicationName=unique, RunConfigurationUpdate={"FlinkRunConfiguration": FORGIVING})
    assert forgives(cloud, unique) is True


def test_a_stack_tells_how_to_go_on_to_an_application_that_runs(cloud, unique):
    """CloudFormation reads RunConfiguration when it updates one that runs, and never else."""
    deploy(cloud, unique, "one.zip")
    assert forgives(cloud, unique) is None
    deploy(cloud, unique, "two.zip")
    assert forgives(cloud, unique) is False
    tell(cloud.endpoint_url, "application-status", name=unique, status="RUNNING")
    deploy(cloud, unique, "three.zip")
    assert forgives(cloud, unique) is True


def test_a_snapshot_that_is_not_there_is_refused(cloud, unique):
    """Started from another one instead, an application would have forgotten what its owner wanted back."""
    analytics = cloud.client("kinesisanalyticsv2")
    create(cloud, unique)
    restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "older"}
    run = {"ApplicationRestoreConfiguration": restore}
    refused = refusal(analytics.start_application, ApplicationName=unique, RunConfiguration=run)
    assert refused == "ResourceNotFoundException"
    refused = refusal(analytics.update_application, ApplicationName=unique, RunConfigurationUpdate=run)
    assert refused == "ResourceNotFoundException"
    tell(cloud.endpoint_url, "application-snapshot", name=unique, snapshot="older")
    analytics.start_application(ApplicationName=unique, RunConfiguration=run)


def test_a_snapshot_is_deleted_by_its_name_and_its_time(cloud, unique):
    """AWS wants both, and one that is being deleted cannot be started from any more."""
    analytics = cloud.client("kinesisanalyticsv2")
    create(cloud, unique)
    for name in ("one", "two"):
        tell(cloud.endpoint_url, "application-snapshot", name=unique, snapshot=name)
    listed = analytics.list_application_snapshots(ApplicationName=unique)["SnapshotSummaries"]
    created = {each["SnapshotName"]: each["SnapshotCreationTimestamp"] for each in listed}
    which = {"ApplicationName": unique, "SnapshotName": "one"}
    delete = analytics.delete_application_snapshot
    assert refusal(delete, **which, SnapshotCreationTimestamp=0) == "ResourceNotFoundException"
    delete(**which, SnapshotCreationTimestamp=created["one"])
    assert refusal(delete, **which, SnapshotCreationTimestamp=created["one"]) == "ResourceNotFoundException"
    tell(cloud.endpoint_url, "application-snapshot-gone", name=unique, snapshot="one")
    left = analytics.list_application_snapshots(ApplicationName=unique)["SnapshotSummaries"]
    assert [(each["SnapshotName"], each["SnapshotStatus"]) for each in left] == [("two", "READY")]
