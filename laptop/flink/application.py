"""What an application's description says about how it is to run, and its files, laid out as Managed Flink does it."""

import io
import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN_OPTIONS = "kinesis.analytics.flink.run.options"
# The property by which a program can be told where AWS is; in AWS the stack leaves it empty.
_ENDPOINT_PROPERTY = "endpoint_url"


@dataclass(frozen=True, kw_only=True)
class Application:
    """An application, as DescribeApplication gives it."""

    name: str
    status: str
    version: int
    bucket: str
    key: str
    groups: dict[str, dict[str, str]]
    parallelism: int
    checkpoint_milliseconds: int | None
    pause_milliseconds: int
    snapshots: bool
    restore: str
    snapshot: str | None
    forgives_lost_state: bool


def application(detail: dict[str, Any]) -> Application:
    """Read a description."""
    configuration = detail.get("ApplicationConfigurationDescription", {})
    flink = configuration.get("FlinkApplicationConfigurationDescription", {})
    checkpoints = flink.get("CheckpointConfigurationDescription", {})
    code = configuration["ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
    location = code["S3ApplicationCodeLocationDescription"]
    groups = configuration.get("EnvironmentPropertyDescriptions", {}).get("PropertyGroupDescriptions", [])
    run = configuration.get("RunConfigurationDescription", {})
    restore = run.get("ApplicationRestoreConfigurationDescription", {})
    return Application(
        name=detail["ApplicationName"],
        status=detail["ApplicationStatus"],
        version=detail["ApplicationVersionId"],
        bucket=location["BucketARN"].rpartition(":")[2],
        key=location["FileKey"],
        groups={group["PropertyGroupId"]: dict(group["PropertyMap"]) for group in groups},
        parallelism=flink.get("ParallelismConfigurationDescription", {}).get("Parallelism", 1),
        checkpoint_milliseconds=checkpoints.get("CheckpointInterval", 60_000)
        if checkpoints.get("CheckpointingEnabled", True)
        else None,
        pause_milliseconds=checkpoints.get("MinPauseBetweenCheckpoints", 5_000),
        snapshots=configuration.get("ApplicationSnapshotConfigurationDescription", {}).get("SnapshotsEnabled", False),
        restore=restore.get("ApplicationRestoreType", "RESTORE_FROM_LATEST_SNAPSHOT"),
        snapshot=restore.get("SnapshotName"),
        forgives_lost_state=run.get("FlinkRunConfigurationDescription", {}).get("AllowNonRestoredState", False),
    )


def unpack(which: Application, *, folder: Path, s3: Any) -> None:
    """Lay the application's zip into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    body = s3.get_object(Bucket=which.bucket, Key=which.key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)


def write_properties(which: Application, path: Path, *, endpoint_url: str) -> None:
    """Write what AWS puts at /etc/flink/application_properties.json, with the endpoint added to each group."""
    groups = [
        {
            "PropertyGroupId": name,
            "PropertyMap": properties if name == _RUN_OPTIONS else {**properties, _ENDPOINT_PROPERTY: endpoint_url},
        }
        for name, properties in which.groups.items()
    ]
    path.write_text(json.dumps(groups, indent=2))


def run_arguments(which: Application, folder: Path) -> list[str]:
    """Return the arguments of `flink run` that the property group of run options stands for."""
    options = which.groups.get(_RUN_OPTIONS, {})
    if "python" not in options:
        raise ValueError(f"the property group {_RUN_OPTIONS} does not name the Python program")
    forgiving = ["--allowNonRestoredState"] if which.forgives_lost_state else []
    arguments = [*forgiving, "--python", str(folder / options["python"])]
    if "jarfile" in options:
        arguments += ["--jarfile", str(folder / options["jarfile"])]
    if "pyFiles" in options:
        files = [str(folder / part) for part in options["pyFiles"].split(",")]
        arguments += ["--pyFiles", ",".join(files)]
    return arguments


def flink_settings(which: Application) -> dict[str, Any]:
    """Return the settings that Managed Flink takes from the description, not from code."""
    settings: dict[str, Any] = {"parallelism.default": which.parallelism}
    if which.checkpoint_milliseconds is not None:
        settings["execution.checkpointing.interval"] = f"{which.checkpoint_milliseconds} ms"
        settings["execution.checkpointing.min-pause"] = f"{which.pause_milliseconds} ms"
    return settings


def job_id(printed: str) -> str:
    """Return the job's id out of what `flink run --detached` prints."""
    found = re.search(r"JobID ([0-9a-f]{32})", printed)
    if found is None:
        raise RuntimeError("the program ended without submitting a job")
    return found[1]
