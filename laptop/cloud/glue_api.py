"""The states of a Glue job run: those that the runner reports, in place of moto's, which succeed by being looked at."""

from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow
from moto.glue.models import FakeJob, FakeJobRun, glue_backends

from laptop.network import ACCOUNT, REGION

_ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR")


def install() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Take the automatic states out of moto; return the notices that the service may send."""
    moto_as_dict = FakeJobRun.as_dict
    moto_start = FakeJob.start_job_run

    def start(self: Any, **given: Any) -> str:
        run_id = moto_start(self, **given)
        run = self.job_runs[-1]
        run.status, run.error_message, run.completed_on = "STARTING", None, None
        # AWS shows a run's own arguments; moto mixes the job's into them.
        run.arguments = given.get("arguments") or {}
        return str(run_id)

    def as_dict(self: Any) -> dict[str, Any]:
        until = self.completed_on or utcnow()
        described = {
            **moto_as_dict(self),
            "LogGroupName": "/aws-glue/jobs",
            "ExecutionTime": int((until - self.started_on).total_seconds()),
            "ErrorMessage": self.error_message,
        }
        return {name: value for name, value in described.items() if value is not None}

    FakeJobRun.status = property(lambda run: run._status, lambda run, state: setattr(run, "_status", state))
    FakeJobRun.advance = lambda self: None  # noqa: ARG005  # moto's signature
    FakeJobRun.as_dict = as_dict
    FakeJob.start_job_run = start
    return {"job-run": _set_state}


def _set_state(notice: dict[str, Any]) -> None:
    run = glue_backends[ACCOUNT][REGION].get_job(notice["job"]).get_job_run(notice["run"])
    run.status = notice["state"]
    run.error_message = notice.get("error_message")
    run.modified_on = utcnow()
    if run.status in _ENDED:
        run.completed_on = run.modified_on
