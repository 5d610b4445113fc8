"""Managed Flink: an application's states say what a real cluster really does."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from laptop_rig import Cloud, eventually, zipped

from laptop.flink.service import ManagedFlink
from laptop.ports import free_port

# Without SQL: planning it and compiling what was planned would take longer than all the rest.
COUNTS = """
import json, os

groups = json.load(open(os.environ["FLOORWALKER_PROPERTIES"]))
given = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}["counter"]
if given.get("break"):
    raise RuntimeError("cannot start")

from pyflink.common import Encoder, Types
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.file_system import BucketAssigner, FileSink, RollingPolicy
from pyflink.java_gateway import get_gateway

environment = StreamExecutionEnvironment.get_execution_environment()
java = get_gateway().jvm.org.apache.flink.streaming.api.functions.source.datagen
source = java.DataGeneratorSource(java.SequenceGenerator.longGenerator(1, 1_000_000), 50, None)
numbers = environment._j_stream_execution_environment.addSource(source, "numbers", Types.LONG().get_java_type_info())
# State belongs to the operator of the same id.
numbers = numbers.uid(given.get("id", "numbers"))
sink = FileSink.for_row_format(given["out"], Encoder.simple_string_encoder())
sink = sink.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
sink = sink.with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
DataStream(numbers).sink_to(sink.build()).uid("files")
environment.execute("counter")
"""


@dataclass(frozen=True)
class Flink:
    cloud: Cloud
    work_dir: Path

    def status(self, name: str) -> str:
        described = self.cloud.client("kinesisanalyticsv2").describe_application(ApplicationName=name)
        return str(described["ApplicationDetail"]["ApplicationStatus"])

    def log_stream(self, name: str) -> str:
        logs = self.cloud.client("logs")
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        return f"arn:aws:logs:us-east-1:123456789012:log-group:{name}:log-stream:s"


@pytest.fixture(scope="module")
def flink(cloud, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("flink")
    service = ManagedFlink(endpoint_url=cloud.endpoint_url, work_dir=work_dir, port=free_port())
    end = threading.Event()

    def watch() -> None:
        while not end.wait(0.3):
            service.look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield Flink(cloud, work_dir)
    end.set()
    watcher.join()
    service.stop()


def _application(flink: Flink, name: str, **properties: str) -> None:
    s3 = flink.cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="app.zip", Body=zipped({"app/main.py": COUNTS}))
    options = {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "app/main.py"}}
    flink.cloud.client("kinesisanalyticsv2").create_application(
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
        CloudWatchLoggingOptions=[{"LogStreamARN": flink.log_stream(name)}],
    )


def _update(flink: Flink, name: str, properties: dict[str, str], **more: dict) -> None:
    """Have an application that runs go on with other properties."""
    options = {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "app/main.py"}}
    groups = [options, {"PropertyGroupId": "counter", "PropertyMap": properties}]
    flink.cloud.client("kinesisanalyticsv2").update_application(
        ApplicationName=name,
        ApplicationConfigurationUpdate={"EnvironmentPropertyUpdates": {"PropertyGroups": groups}},
        **more,
    )


def _becomes(flink: Flink, name: str, status: str) -> None:
    eventually(lambda: flink.status(name) == status)


def _numbers(folder) -> list[int]:
    parts = [part for part in folder.glob("part-*") if part.is_file()]
    return sorted(int(line) for part in parts for line in part.read_text().split())


def test_an_application_goes_on_from_its_snapshot_after_stop_and_start(flink, unique, tmp_path):
    """State must survive an update of the detector: the numbers go on without a gap and without a double."""
    analytics = flink.cloud.client("kinesisanalyticsv2")
    out = tmp_path / "out"
    _application(flink, unique, out=out.as_uri())
    assert flink.status(unique) == "READY"
    analytics.start_application(ApplicationName=unique)
    assert flink.status(unique) == "STARTING"
    _becomes(flink, unique, "RUNNING")
    eventually(lambda: _numbers(out))
    analytics.stop_application(ApplicationName=unique)
    _becomes(flink, unique, "READY")
    before = _numbers(out)
    assert len(analytics.list_application_snapshots(ApplicationName=unique)["SnapshotSummaries"]) == 1
    analytics.start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    after = eventually(lambda: len(_numbers(out)) > len(before) and _numbers(out))
    assert after == list(range(1, len(after) + 1))
    analytics.stop_application(ApplicationName=unique, Force=True)
    _becomes(flink, unique, "READY")


def _stopped(flink: Flink, name: str, out: Path) -> list[int]:
    """Stop an application that runs, with a snapshot, once it has found something new; return all it has found."""
    before = _numbers(out)
    eventually(lambda: len(_numbers(out)) > len(before))
    flink.cloud.client("kinesisanalyticsv2").stop_application(ApplicationName=name)
    _becomes(flink, name, "READY")
    return _numbers(out)


def _snapshots(flink: Flink, name: str) -> list[dict]:
    """Return the snapshots of an application, the newest first."""
    analytics = flink.cloud.client("kinesisanalyticsv2")
    return analytics.list_application_snapshots(ApplicationName=name)["SnapshotSummaries"]


def test_an_application_starts_from_the_snapshot_that_is_named_or_the_latest_not_deleted(flink, unique, tmp_path):
    """Whoever names an older one wants what came after it judged again; so does whoever deletes the newer."""
    analytics, out = flink.cloud.client("kinesisanalyticsv2"), tmp_path / "out"
    _application(flink, unique, out=out.as_uri())
    analytics.start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    next_after_first = len(_stopped(flink, unique, out)) + 1
    analytics.start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    assert _stopped(flink, unique, out).count(next_after_first) == 1
    newer, first = _snapshots(flink, unique)
    restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": first["SnapshotName"]}
    analytics.start_application(ApplicationName=unique, RunConfiguration={"ApplicationRestoreConfiguration": restore})
    _becomes(flink, unique, "RUNNING")
    eventually(lambda: _numbers(out).count(next_after_first) == 2)
    analytics.stop_application(ApplicationName=unique, Force=True)
    _becomes(flink, unique, "READY")
    created = newer["SnapshotCreationTimestamp"]
    analytics.delete_application_snapshot(
        ApplicationName=unique, SnapshotName=newer["SnapshotName"], SnapshotCreationTimestamp=created
    )
    eventually(lambda: _snapshots(flink, unique) == [first])
    assert [folder.name for folder in (flink.work_dir / "savepoints").glob(newer["SnapshotName"])] == []
    analytics.start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    eventually(lambda: _numbers(out).count(next_after_first) == 3)
    analytics.stop_application(ApplicationName=unique, Force=True)
    _becomes(flink, unique, "READY")


def test_an_update_comes_back_without_state_that_nobody_claims_only_if_allowed(flink, unique, tmp_path):
    """A rule taken out leaves such state: as in AWS, a deployment that does not allow for it stops the detector."""
    out = tmp_path / "out"
    _application(flink, unique, out=out.as_uri())
    flink.cloud.client("kinesisanalyticsv2").start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    eventually(lambda: _numbers(out))
    forgiving = {"FlinkRunConfiguration": {"AllowNonRestoredState": True}}
    _update(flink, unique, {"out": out.as_uri(), "id": "others"}, RunConfigurationUpdate=forgiving)
    eventually(lambda: flink.status(unique) != "UPDATING")
    assert flink.status(unique) == "RUNNING"
    eventually(lambda: _numbers(out).count(1) == 2)
    _update(flink, unique, {"out": out.as_uri(), "id": "still others"})
    eventually(lambda: flink.status(unique) != "UPDATING")
    assert flink.status(unique) == "READY"


def test_an_application_whose_state_cannot_be_saved_goes_on_running(flink, unique, tmp_path):
    """As in AWS. Called stopped, it would be started a second time beside itself, and find everything twice."""
    analytics, out = flink.cloud.client("kinesisanalyticsv2"), tmp_path / "out"
    _application(flink, unique, out=out.as_uri())
    analytics.start_application(ApplicationName=unique)
    _becomes(flink, unique, "RUNNING")
    eventually(lambda: _numbers(out))
    savepoints, aside = flink.work_dir / "savepoints", flink.work_dir / "aside"
    savepoints.rename(aside)
    savepoints.touch()
    analytics.stop_application(ApplicationName=unique)
    eventually(lambda: flink.status(unique) != "STOPPING")
    assert flink.status(unique) == "RUNNING"
    savepoints.unlink()
    aside.rename(savepoints)
    before = _numbers(out)
    after = eventually(lambda: len(_numbers(out)) > len(before) and _numbers(out))
    assert after == list(range(1, len(after) + 1))
    analytics.stop_application(ApplicationName=unique)
    _becomes(flink, unique, "READY")


def test_a_program_that_does_not_start_puts_its_application_back_to_ready(flink, unique, tmp_path):
    """RUNNING is said when the job runs, never before."""
    _application(flink, unique, out=tmp_path.as_uri(), **{"break": "yes"})
    flink.cloud.client("kinesisanalyticsv2").start_application(ApplicationName=unique)
    seen = set()

    def settled() -> bool:
        seen.add(flink.status(unique))
        time.sleep(0.1)
        return "READY" in seen

    eventually(settled)
    assert "RUNNING" not in seen
    events = flink.cloud.client("logs").get_log_events(logGroupName=unique, logStreamName="s")["events"]
    assert [event["message"] for event in events] == ["RuntimeError: RuntimeError: cannot start"]
