"""Glue: runs every job run that the API lists as STARTING, a process each."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from laptop.cloud.backchannel import tell
from laptop.glue.command import job_command, laptop_arguments
from laptop.network import aws_environment, clean_environment, client
from laptop.processes import spawn, stop

_LOG_GROUP = "/aws-glue/jobs"
_LINES_A_CALL = 1000


class GlueRuns:
    """Starts job runs, watches over them, and reports their states."""

    def __init__(self, *, endpoint_url: str, work_dir: Path, warehouse: Path) -> None:
        self._endpoint_url = endpoint_url
        self._work_dir = work_dir
        self._warehouse = warehouse
        self._glue = client("glue", endpoint_url)
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._taken: set[str] = set()

    def look(self) -> None:
        """Take every run that waits to be started."""
        for job in self._glue.get_jobs()["Jobs"]:
            for run in self._glue.get_job_runs(JobName=job["Name"])["JobRuns"]:
                if run["Id"] in self._taken or run["JobRunState"] not in ("STARTING", "RUNNING"):
                    continue
                self._taken.add(run["Id"])
                if run["JobRunState"] == "RUNNING":
                    self._give_up(job, run)
                else:
                    thread = threading.Thread(target=self._run, args=(job, run), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _give_up(self, job: dict[str, Any], run: dict[str, Any]) -> None:
        """Fail a run whose process ended together with the service that started it."""
        reason = "the service that ran it was ended"
        tell(self._endpoint_url, "job-run", job=job["Name"], run=run["Id"], state="FAILED", error_message=reason)

    def _run(self, job: dict[str, Any], run: dict[str, Any]) -> None:
        log = self._work_dir / f"{job['Name']}-{run['Id'][:15]}.log"
        try:
            error = self._outcome(job, run, log)
        except Exception as failure:  # noqa: BLE001  # the border: a run that cannot start is a failed run
            error = f"{type(failure).__name__}: {failure}"
        with suppress(OSError):  # the laptop is going down
            self._keep_log(run, log)
            state = {"state": "FAILED", "error_message": error} if error else {"state": "SUCCEEDED"}
            tell(self._endpoint_url, "job-run", job=job["Name"], run=run["Id"], **state)

    def _outcome(self, job: dict[str, Any], run: dict[str, Any], log: Path) -> str | None:
        """Run the job to its end; return what went wrong, if anything."""
        folder = self._work_dir / run["Id"][:15]
        given = {**job.get("DefaultArguments", {}), **run.get("Arguments", {})}
        arguments = laptop_arguments(given, warehouse=self._warehouse)
        command, python_path = job_command(job, arguments, folder=folder, s3=client("s3", self._endpoint_url))
        environment = {
            **{name: value for name, value in clean_environment().items() if name != "PYTHONPATH"},
            **aws_environment(self._endpoint_url),
            "PYTHONPATH": os.pathsep.join(python_path),
            "PYTHONUNBUFFERED": "1",
        }
        tell(self._endpoint_url, "job-run", job=job["Name"], run=run["Id"], state="RUNNING")
        process = spawn([sys.executable, *command], environment=environment, log=log, cwd=folder)
        self._processes.append(process)
        try:
            status = process.wait(job.get("Timeout", 2880) * 60)
        except subprocess.TimeoutExpired:
            stop(process, patience_seconds=1)
            return f"the run took longer than {job['Timeout']} minutes"
        return None if status == 0 else _last_words(log, status)

    def _keep_log(self, run: dict[str, Any], log: Path) -> None:
        logs = client("logs", self._endpoint_url)
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=_LOG_GROUP)
        logs.create_log_stream(logGroupName=_LOG_GROUP, logStreamName=run["Id"])
        lines = [line for line in log.read_text(errors="replace").splitlines() if line] if log.exists() else []
        now = int(time.time() * 1000)
        for start in range(0, len(lines), _LINES_A_CALL):
            events = [{"timestamp": now, "message": line} for line in lines[start : start + _LINES_A_CALL]]
            logs.put_log_events(logGroupName=_LOG_GROUP, logStreamName=run["Id"], logEvents=events)

    def stop(self) -> None:
        """End what runs."""
        for process in self._processes:
            stop(process, patience_seconds=2)


def _last_words(log: Path, status: int) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return (lines or [f"exit status {status}"])[-1]
