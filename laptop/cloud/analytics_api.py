"""The operations of Managed Flink that moto lacks: start, stop, update, delete, snapshots, logging options.

Here only the state changes that AWS makes at once; the work behind STARTING, STOPPING and UPDATING, and behind a
snapshot's DELETING, is done by `laptop.flink`, which reports the outcome.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kinesisanalyticsv2.models import Application, KinesisAnalyticsV2Backend, kinesisanalyticsv2_backends
from moto.kinesisanalyticsv2.responses import KinesisAnalyticsV2Response

from laptop.network import ACCOUNT, REGION

# What an update that does not say otherwise makes of the last start's run configuration.
_RUN_CONFIGURATION_OF_AN_UPDATE = {
    "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
    "FlinkRunConfiguration": {"AllowNonRestoredState": False},
}


def install() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Add the operations to moto; return the notices that the service may send."""
    moto_create = KinesisAnalyticsV2Backend.create_application

    def create(self: Any, application_name: str, **given: Any) -> dict[str, Any]:
        _refuse(application_name in self.applications, "ResourceInUseException", f"{application_name} exists already")
        moto_create(self, application_name=application_name, **given)
        application = self.applications[application_name]
        application.application_status = "READY"  # moto says STARTING, AWS starts nothing by itself
        application.cloud_watch_logging_description = application.cloud_watch_logging_description or []
        application.snapshots = []
        return dict(self.describe_application(application_name=application_name))

    KinesisAnalyticsV2Backend.create_application = create
    for operation in (
        _start_application,
        _stop_application,
        _update_application,
        _delete_application,
        _add_application_cloud_watch_logging_option,
        _delete_application_cloud_watch_logging_option,
        _describe_application,
        _list_application_snapshots,
        _delete_application_snapshot,
    ):
        setattr(KinesisAnalyticsV2Response, operation.__name__.removeprefix("_"), _answering(operation))
    return {
        "application-status": _set_status,
        "application-snapshot": _keep_snapshot,
        "application-snapshot-gone": _drop_snapshot,
    }


def _answering(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], str]:
    return lambda response: json.dumps(operation(response.kinesisanalyticsv2_backend, json.loads(response.body)))


def _set_status(notice: dict[str, Any]) -> None:
    application = kinesisanalyticsv2_backends[ACCOUNT][REGION].applications.get(notice["name"])
    if application is not None:
        application.application_status = notice["status"]


def _keep_snapshot(notice: dict[str, Any]) -> None:
    application = kinesisanalyticsv2_backends[ACCOUNT][REGION].applications.get(notice["name"])
    if application is not None:
        application.snapshots.append(
            {
                "SnapshotName": notice["snapshot"],
                "SnapshotStatus": "READY",
                "ApplicationVersionId": application.application_version_id,
                "SnapshotCreationTimestamp": time.time(),
                "RuntimeEnvironment": application.runtime_environment,
            }
        )


def _drop_snapshot(notice: dict[str, Any]) -> None:
    application = kinesisanalyticsv2_backends[ACCOUNT][REGION].applications.get(notice["name"])
    if application is not None:
        left = [each for each in application.snapshots if each["SnapshotName"] != notice["snapshot"]]
        application.snapshots = left


def _refuse(condition: bool, error: str, message: str) -> None:
    if condition:
        raise JsonRESTError(error, message)


def _application(backend: Any, given: dict[str, Any]) -> Application:
    name = given["ApplicationName"]
    _refuse(name not in backend.applications, "ResourceNotFoundException", f"There is no application {name}")
    return backend.applications[name]


def _configuration(application: Application) -> dict[str, Any]:
    if application.app_config_description is None:
        application.app_config_description = {}
    return dict[str, Any](application.app_config_description)


def _describe_application(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    return {
        "ApplicationDetail": {
            **backend.describe_application(application_name=application.application_name),
            "ApplicationName": application.application_name,
        }
    }


def _start_application(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    status = application.application_status
    _refuse(status != "READY", "ResourceInUseException", f"The application is {status}, not READY")
    run = _run_configuration(application, given.get("RunConfiguration", {}))
    application.app_config_description = {**_configuration(application), **run}
    application.application_status = "STARTING"
    return {}


def _run_configuration(application: Application, run: dict[str, Any]) -> dict[str, Any]:
    """Return the run configuration as it is described; a snapshot that is named has to be there."""
    restore = run.get("ApplicationRestoreConfiguration", {})
    if restore.get("ApplicationRestoreType") == "RESTORE_FROM_CUSTOM_SNAPSHOT":
        _snapshot(application, restore.get("SnapshotName"))
    return {"RunConfigurationDescription": {f"{name}Description": value for name, value in run.items()}}


def _stop_application(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    status = application.application_status
    stoppable = ("RUNNING", "STARTING", "UPDATING") if given.get("Force") else ("RUNNING",)
    _refuse(status not in stoppable, "ResourceInUseException", f"The application is {status}, not RUNNING")
    application.application_status = "FORCE_STOPPING" if given.get("Force") else "STOPPING"
    return {}


def _update_application(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    expected = given.get("CurrentApplicationVersionId")
    current = application.application_version_id
    _refuse(expected not in (None, current), "ConcurrentModificationException", f"The version is {current}")
    run = {**_RUN_CONFIGURATION_OF_AN_UPDATE, **given.get("RunConfigurationUpdate", {})}
    described = _run_configuration(application, run)
    changed = _changed(_configuration(application), given.get("ApplicationConfigurationUpdate", {}))
    application.app_config_description = {**changed, **described}
    application.service_execution_role = given.get("ServiceExecutionRoleUpdate", application.service_execution_role)
    application.application_version_id = current + 1
    if application.application_status == "RUNNING":
        application.application_status = "UPDATING"
    return _describe_application(backend, given)


def _changed(configuration: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    code = update.get("ApplicationCodeConfigurationUpdate")
    if code:
        location = code["CodeContentUpdate"]["S3ContentLocationUpdate"]
        new = {name.removesuffix("Update"): text for name, text in location.items()}
        described = {"S3ApplicationCodeLocationDescription": new, "CodeMD5": "", "CodeSize": 0}
        configuration["ApplicationCodeConfigurationDescription"] = {
            "CodeContentType": "ZIPFILE",
            "CodeContentDescription": described,
        }
    flink = dict(configuration.get("FlinkApplicationConfigurationDescription", {}))
    for part, settings in update.get("FlinkApplicationConfigurationUpdate", {}).items():
        name = part.removesuffix("Update") + "Description"
        flink[name] = {**flink.get(name, {}), **{key.removesuffix("Update"): value for key, value in settings.items()}}
    configuration["FlinkApplicationConfigurationDescription"] = flink
    if "EnvironmentPropertyUpdates" in update:
        groups = update["EnvironmentPropertyUpdates"]["PropertyGroups"]
        configuration["EnvironmentPropertyDescriptions"] = {"PropertyGroupDescriptions": groups}
    if "ApplicationSnapshotConfigurationUpdate" in update:
        enabled = update["ApplicationSnapshotConfigurationUpdate"]["SnapshotsEnabledUpdate"]
        configuration["ApplicationSnapshotConfigurationDescription"] = {"SnapshotsEnabled": enabled}
    return configuration


def _list_application_snapshots(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    return {"SnapshotSummaries": _application(backend, given).snapshots[::-1]}


def _snapshot(application: Application, name: str | None) -> dict[str, Any]:
    """Return a snapshot that can be used."""
    snapshots: list[dict[str, Any]] = application.snapshots
    found = [each for each in snapshots if (each["SnapshotName"], each["SnapshotStatus"]) == (name, "READY")]
    _refuse(not found, "ResourceNotFoundException", f"{application.application_name} has no snapshot {name}")
    return found[0]


def _delete_application_snapshot(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    snapshot = _snapshot(application, given["SnapshotName"])
    created = snapshot["SnapshotCreationTimestamp"]
    # Clients send whole seconds.
    wrong = int(given["SnapshotCreationTimestamp"]) != int(created)
    _refuse(wrong, "ResourceNotFoundException", f"{snapshot['SnapshotName']} was not created then but at {created}")
    snapshot["SnapshotStatus"] = "DELETING"
    return {}


def _delete_application(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    del backend.applications[application.application_name]
    return {}


def _add_application_cloud_watch_logging_option(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    options = application.cloud_watch_logging_description
    option = {"CloudWatchLoggingOptionId": f"{len(options) + 1}.1", **given["CloudWatchLoggingOption"]}
    options.append(option)
    return {"ApplicationARN": application.application_arn, "CloudWatchLoggingOptionDescriptions": options}


def _delete_application_cloud_watch_logging_option(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    application = _application(backend, given)
    gone = given["CloudWatchLoggingOptionId"]
    options = application.cloud_watch_logging_description
    application.cloud_watch_logging_description = [o for o in options if o["CloudWatchLoggingOptionId"] != gone]
    return {"ApplicationARN": application.application_arn}
