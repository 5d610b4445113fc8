"""The project's own application, deployed to the laptop by the real CDK CLI, with the detector in a real cluster."""

import json
import time
import urllib.request

import pytest
from laptop_existence import QUESTIONS
from laptop_rig import eventually, zipped

from laptop.cloudformation import NOT_HERE
from laptop.running import Laptop, running_laptop

COUNTS = """
import json, os
from pyflink.table import EnvironmentSettings, TableEnvironment

groups = json.load(open(os.environ["FLOORWALKER_PROPERTIES"]))
given = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}["counter"]
if given.get("break"):
    raise RuntimeError("cannot start")
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.execute_sql("CREATE TABLE numbers (n BIGINT) WITH ('connector'='datagen','rows-per-second'='50',"
                   "'fields.n.kind'='sequence','fields.n.start'='1','fields.n.end'='1000000')")
out = given["out"]
tables.execute_sql(f"CREATE TABLE seen (n BIGINT) WITH ('connector'='filesystem','path'='{out}','format'='csv')")
tables.execute_sql("INSERT INTO seen SELECT n FROM numbers")
"""


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    with running_laptop(work_dir=tmp_path_factory.mktemp("laptop") / "work") as running:
        yield running


@pytest.fixture(scope="module")
def resources(laptop) -> list[tuple[str, str]]:
    """Return (type, physical id) of everything that the synthesised templates hold."""
    stacks = laptop.client("cloudformation")
    found = []
    for path in laptop.deployment.assembly.glob("*.template.json"):
        listed = stacks.list_stack_resources(StackName=path.name.removesuffix(".template.json"))
        physical = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in listed["StackResourceSummaries"]}
        for logical, resource in json.loads(path.read_text())["Resources"].items():
            if resource["Type"] not in NOT_HERE:
                name = resource.get("Properties", {}).get("PolicyName")  # an inline policy has no id, but a name
                found.append((resource["Type"], name or physical[logical]))
    return found


def test_every_resource_of_the_templates_exists_or_is_on_the_list_with_a_reason(laptop, resources):
    """What the laptop silently leaves out would first be missed in AWS."""
    for type_, physical_id in resources:
        assert type_ in QUESTIONS, f"{type_}: add how to ask for it to laptop_existence, or to NOT_HERE with a reason"
        assert QUESTIONS[type_](laptop.client, physical_id), f"{type_} {physical_id} does not exist"
    assert len(resources) > 40


def test_deploying_leaves_the_detector_running_in_the_cluster(laptop):
    """The API's word is not enough: the job is asked for where it runs."""
    assert laptop.application_status(laptop.outputs["DetectorName"]) == "RUNNING"
    with urllib.request.urlopen(f"{laptop.flink_web}/jobs/overview") as answer:
        jobs = json.load(answer)["jobs"]
    assert "RUNNING" in [job["state"] for job in jobs]


def test_an_event_put_into_the_stream_is_in_the_raw_bucket(laptop):
    """Firehose acts on the delivery stream that the template declares."""
    laptop.client("kinesis").put_record(
        StreamName=laptop.outputs["EventsStreamName"], Data=b'{"no": "event"}', PartitionKey="1"
    )
    s3 = laptop.client("s3")
    bucket = laptop.outputs["RawBucketName"]
    found = eventually(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="raw/events/").get("Contents"), seconds=40)
    assert found[0]["Key"].endswith(".gz")


def _application(laptop: Laptop, name: str, **properties: str) -> None:
    s3 = laptop.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="app.zip", Body=zipped({"app/main.py": COUNTS}))
    options = {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "app/main.py"}}
    laptop.client("kinesisanalyticsv2").create_application(
        ApplicationName=name,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole="arn:aws:iam::123456789012:role/any",
        ApplicationConfiguration={
            "ApplicationCodeConfiguration": {
                "CodeContentType": "ZIPFILE",
                "CodeContent": {"S3ContentLocation": {"BucketARN": f"arn:aws:s3:::{name}", "FileKey": "app.zip"}},
            },
            "EnvironmentProperties": {
                "PropertyGroups": [options, {"PropertyGroupId": "counter", "PropertyMap": properties}]
            },
            "FlinkApplicationConfiguration": {
                "CheckpointConfiguration": {
                    "ConfigurationType": "CUSTOM",
                    "CheckpointingEnabled": True,
                    "CheckpointInterval": 1000,
                    "MinPauseBetweenCheckpoints": 100,
                }
            },
            "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": True},
        },
    )


def _becomes(laptop: Laptop, name: str, status: str) -> None:
    eventually(lambda: laptop.application_status(name) == status, seconds=120)


def _numbers(folder) -> list[int]:
    parts = [part for part in folder.glob("part-*") if part.is_file()]
    return sorted(int(line) for part in parts for line in part.read_text().split())


def test_an_application_goes_on_from_its_snapshot_after_stop_and_start(laptop, unique, tmp_path):
    """State must survive an update of the detector: the numbers go on without a gap and without a double."""
    analytics = laptop.client("kinesisanalyticsv2")
    out = tmp_path / "out"
    _application(laptop, unique, out=out.as_uri())
    assert laptop.application_status(unique) == "READY"
    analytics.start_application(ApplicationName=unique)
    assert laptop.application_status(unique) == "STARTING"
    _becomes(laptop, unique, "RUNNING")
    eventually(lambda: _numbers(out), seconds=60)
    analytics.stop_application(ApplicationName=unique)
    _becomes(laptop, unique, "READY")
    before = _numbers(out)
    assert len(analytics.list_application_snapshots(ApplicationName=unique)["SnapshotSummaries"]) == 1
    analytics.start_application(ApplicationName=unique)
    _becomes(laptop, unique, "RUNNING")
    after = eventually(lambda: len(_numbers(out)) > len(before) and _numbers(out), seconds=60)
    assert after == list(range(1, len(after) + 1))
    analytics.stop_application(ApplicationName=unique, Force=True)
    _becomes(laptop, unique, "READY")


def test_a_program_that_does_not_start_puts_its_application_back_to_ready(laptop, unique, tmp_path):
    """RUNNING is said when the job runs, never before."""
    _application(laptop, unique, out=tmp_path.as_uri(), **{"break": "yes"})
    laptop.client("kinesisanalyticsv2").start_application(ApplicationName=unique)
    seen = set()

    def settled() -> bool:
        seen.add(laptop.application_status(unique))
        time.sleep(0.1)
        return "READY" in seen

    eventually(settled, seconds=60)
    assert "RUNNING" not in seen
    assert "cannot start" in next((laptop.work_dir / "flink" / "log").glob(f"{unique}-client.log")).read_text()
