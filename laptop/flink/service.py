"""Managed Flink: starts, stops and updates jobs as the API's application states ask for."""

import logging
import shutil
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from laptop.checkpoints import Checkpoint
from laptop.cloud.backchannel import tell
from laptop.flink.application import (
    Application,
    application,
    flink_settings,
    job_id,
    run_arguments,
    unpack,
    write_properties,
)
from laptop.flink.cluster import JOB_MANAGER, Cluster
from laptop.network import client, wait_until

_LOG = logging.getLogger("laptop.flink")
# Long enough for a machine that does three other things; what fails before is told at once.
_PATIENCE_SECONDS = 600
_ENDED = ("FAILED", "CANCELED", "FINISHED")


class ManagedFlink:
    """One cluster for all applications; it is started at once, because it takes longer than a deployment."""

    def __init__(self, *, endpoint_url: str, work_dir: Path, port: int) -> None:
        self._endpoint_url = endpoint_url
        self._work_dir = work_dir
        self._analytics = client("kinesisanalyticsv2", endpoint_url)
        self._cluster = Cluster(work_dir=work_dir, port=port, endpoint_url=endpoint_url)
        self._cluster.start()
        self._jobs: dict[str, str] = {}

    def look(self) -> None:
        """Do what the states of the applications ask for, and end jobs whose application was deleted."""
        self._revive()
        names = [item["ApplicationName"] for item in self._analytics.list_applications()["ApplicationSummaries"]]
        for name in set(self._jobs) - set(names):
            self._cancel(self._jobs.pop(name))
        for name in names:
            self._delete_snapshots(name)
            detail = self._analytics.describe_application(ApplicationName=name)["ApplicationDetail"]
            self._serve(detail)

    def _revive(self) -> None:
        """Replace what has ended. A job manager takes its jobs with it: they go on from their last checkpoints."""
        ended = self._cluster.revive()
        for which in ended:
            _LOG.info("the %s has ended and is started again", which)
        if JOB_MANAGER in ended:
            self._jobs.clear()

    def _serve(self, detail: dict[str, Any]) -> None:
        name, status = detail["ApplicationName"], detail["ApplicationStatus"]
        try:
            if status == "STARTING":
                which = application(detail)
                self._start(which, self._snapshot_of(which))
                self._say(name, "RUNNING")
            elif status == "RUNNING" and name not in self._jobs:
                _LOG.info("application %s lost its cluster", name)
                self._go_on(application(detail))
            elif status in ("STOPPING", "FORCE_STOPPING"):
                self._halt(application(detail), snapshot=status == "STOPPING")
                self._say(name, "READY")
            elif status == "UPDATING":
                which = application(detail)
                self._halt(which, snapshot=True)
                self._start(which, self._snapshot_of(which))
                self._say(name, "RUNNING")
        except Exception as error:  # noqa: BLE001  # the border: AWS puts an application that does not start back to READY
            _LOG.exception("application %s", name)
            self._log_for_owner(detail, f"{type(error).__name__}: {error}")
            # A job that could not be stopped goes on: a second one beside it would find everything twice.
            self._say(name, "RUNNING" if name in self._jobs else "READY")

    def _go_on(self, which: Application) -> None:
        """Recover an application that runs; what keeps it from it now is tried again, it is not stopped for it."""
        try:
            self._recover(which)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            _LOG.warning("application %s is not back yet: %s", which.name, error)

    def _recover(self, which: Application) -> None:
        """Start the job from its newest checkpoint, or from an older one where that cannot be read.

        Without a checkpoint it goes on from what the last job was started from.
        """
        for restore in self._checkpoints(which.name):
            self._cancel_strays()
            try:
                self._start(which, restore)
            except (RuntimeError, subprocess.SubprocessError) as error:
                _LOG.warning("application %s does not start from %s: %s", which.name, restore, error)
                continue
            return
        self._start(which, self._state(which.name, "job").load().get("restored"))

    def _cancel_strays(self) -> None:
        """Cancel what a start that was given up may have left running: two jobs must not do the same."""
        wait_until(self._ready, seconds=_PATIENCE_SECONDS, what="the Flink cluster", pause_seconds=0.25)
        for job in self._cluster.ask("/jobs/overview")["jobs"]:
            if job["state"] not in _ENDED and job["jid"] not in self._jobs.values():
                self._cancel(job["jid"])

    def _log_for_owner(self, detail: dict[str, Any], message: str) -> None:
        """Write to the log stream that the application names, as the service does."""
        logs = client("logs", self._endpoint_url)
        event = {"timestamp": int(time.time() * 1000), "message": message}
        for option in detail.get("CloudWatchLoggingOptionDescriptions", []):
            group, _, stream = option["LogStreamARN"].partition(":log-group:")[2].partition(":log-stream:")
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

    def _say(self, name: str, status: str) -> None:
        _LOG.info("application %s is %s", name, status)
        tell(self._endpoint_url, "application-status", name=name, status=status)

    def _start(self, which: Application, restore: str | None) -> None:
        wait_until(self._ready, seconds=_PATIENCE_SECONDS, what="the Flink cluster", pause_seconds=0.25)
        home = self._work_dir / which.name
        code, conf, properties = home / "code", home / "conf", home / "application_properties.json"
        unpack(which, folder=code, s3=client("s3", self._endpoint_url))
        write_properties(which, properties, endpoint_url=self._endpoint_url)
        self._cluster.write_configuration(conf, flink_settings(which))
        printed = self._cluster.run(
            "run",
            "--detached",
            *(["--fromSavepoint", restore] if restore else []),
            *run_arguments(which, code),
            conf=conf,
            log=self._log(which.name),
            more={"FLOORWALKER_PROPERTIES": str(properties), "PYTHONPATH": str(code)},
            seconds=_PATIENCE_SECONDS,
        )
        job = job_id(printed)
        try:
            wait_until(lambda: self._runs(job), seconds=_PATIENCE_SECONDS, what=f"the job of {which.name}")
        except (RuntimeError, OSError):
            with suppress(OSError):  # it has ended, or the job manager has
                self._cancel(job)
            raise
        self._jobs[which.name] = job
        self._state(which.name, "job").keep(id=job, restored=restore)

    def _ready(self) -> bool:
        self._revive()
        return self._cluster.ready()

    def _runs(self, job: str) -> bool:
        """Return: every task of the job runs; raises RuntimeError for a job that has ended instead."""
        described = self._cluster.ask(f"/jobs/{job}")
        if described["state"] in _ENDED:
            raise RuntimeError(f"the job is {described['state']}: see {self._cluster.web}/#/job/completed/{job}")
        return described["state"] == "RUNNING" and all(
            vertex["status"] in ("RUNNING", "FINISHED") for vertex in described["vertices"]
        )

    def _snapshot_of(self, which: Application) -> str | None:
        """Return the snapshot that the start names, else the latest there is, unless it asks for none."""
        if not which.snapshots or which.restore == "SKIP_RESTORE_FROM_SNAPSHOT":
            return None
        paths = self._state(which.name, "snapshots").load()
        if which.restore == "RESTORE_FROM_CUSTOM_SNAPSHOT":
            return str(paths[str(which.snapshot)])
        return next(reversed(paths.values()), None)

    def _checkpoints(self, name: str) -> list[str]:
        """Return the whole checkpoints of the application's last job, the newest first."""
        last_job = self._state(name, "job").load().get("id", "none")
        written = (self._work_dir / "checkpoints" / last_job).glob("chk-*/_metadata")
        newest_first = sorted(written, key=lambda metadata: metadata.stat().st_mtime, reverse=True)
        return [metadata.parent.resolve().as_uri() for metadata in newest_first]

    def _halt(self, which: Application, *, snapshot: bool) -> None:
        job = self._jobs.get(which.name)
        if job is None:
            return
        if not (snapshot and which.snapshots):
            self._cancel(job)
            del self._jobs[which.name]
            return
        path = self._stop_with_savepoint(job)
        del self._jobs[which.name]
        saved_as = path.rpartition("/")[2]
        kept = self._state(which.name, "snapshots")
        kept.keep(**kept.load(), **{saved_as: path})
        tell(self._endpoint_url, "application-snapshot", name=which.name, snapshot=saved_as)

    def _delete_snapshots(self, name: str) -> None:
        """Delete the snapshots that the API was told to delete."""
        listed = self._analytics.list_application_snapshots(ApplicationName=name)["SnapshotSummaries"]
        for gone in [each["SnapshotName"] for each in listed if each["SnapshotStatus"] == "DELETING"]:
            kept = self._state(name, "snapshots")
            paths = kept.load()
            if paths.pop(gone, None) is not None:
                shutil.rmtree(self._work_dir / "savepoints" / gone, ignore_errors=True)
                kept.keep(**paths)
            tell(self._endpoint_url, "application-snapshot-gone", name=name, snapshot=gone)

    def _stop_with_savepoint(self, job: str) -> str:
        """End a job; return where its state is. Raises RuntimeError where it could not be saved: then the job goes on.

        Asked for over the REST API: the command line would start a Java of its own for it.
        """
        asked = self._cluster.order(f"/jobs/{job}/stop", {"drain": False})["request-id"]
        told: dict[str, Any] = {}

        def over() -> bool:
            told.update(self._cluster.ask(f"/jobs/{job}/savepoints/{asked}"))
            return bool(told["status"]["id"] == "COMPLETED")

        wait_until(over, seconds=_PATIENCE_SECONDS, what="the savepoint")
        operation = told["operation"]
        if "location" not in operation:
            raise RuntimeError(operation["failure-cause"]["stack-trace"].strip().splitlines()[0])
        return str(operation["location"])

    def _cancel(self, job: str) -> None:
        request = urllib.request.Request(f"{self._cluster.web}/jobs/{job}?mode=cancel", method="PATCH")
        with urllib.request.urlopen(request, timeout=10):  # nosec B310
            pass
        wait_until(lambda: self._cluster.ask(f"/jobs/{job}")["state"] in _ENDED, seconds=60, what="the end of a job")

    def _state(self, name: str, what: str) -> Checkpoint:
        return Checkpoint(self._work_dir / name / f"{what}.json")

    def _log(self, name: str) -> Path:
        return self._work_dir / "log" / f"{name}-client.log"

    def stop(self) -> None:
        """End the cluster and with it every job."""
        self._cluster.stop()
