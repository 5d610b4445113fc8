"""Brings AWS on the laptop up, and down again without a trace; what the demonstration and the tests call.

with running_laptop(work_dir=Path("build/laptop")) as laptop:
    laptop.client("s3").list_buckets()
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.cloud.starting import ROOT, start_cloud, wait_for_cloud
from laptop.deploy import Deployment
from laptop.flink.cluster import python as flink_python
from laptop.network import chosen_port, clean_environment, client, endpoint, wait_until
from laptop.processes import LaptopError, members, spawn, start_keeper, stop, sweep
from laptop.work_dir import claim, read_state, remove_state, write_state

DEFAULT_WORK_DIR = ROOT / "build" / "laptop"
_RUN_ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR")
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Laptop:
    """AWS on this machine, with the application deployed."""

    endpoint_url: str
    work_dir: Path
    outputs: dict[str, str]
    flink_web: str | None
    deployment: Deployment

    @property
    def warehouse(self) -> Path:
        """Return the folder of the lake."""
        return self.work_dir / "warehouse"

    @property
    def mail(self) -> Path:
        """Return the folder of the mail that e-mail subscribers got, one .eml file each."""
        return self.work_dir / "mail"

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        return client(service, self.endpoint_url)

    def start_glue_job(self, name: str, arguments: dict[str, str] | None = None, *, seconds: float = 600) -> str:
        """Run a Glue job to its end; return SUCCEEDED, or raise LaptopError with the run's own message."""
        glue = self.client("glue")
        run_id = glue.start_job_run(JobName=name, Arguments=arguments or {})["JobRunId"]
        run: dict[str, Any] = {}

        def ended() -> bool:
            run.update(glue.get_job_run(JobName=name, RunId=run_id)["JobRun"])
            return run["JobRunState"] in _RUN_ENDED

        wait_until(ended, seconds=seconds, what=f"the end of job {name}", pause_seconds=0.25)
        if run["JobRunState"] != "SUCCEEDED":
            raise LaptopError(
                f"Job {name} {run['JobRunState']}: {run.get('ErrorMessage', '')} (log: {self.work_dir / 'glue'})"
            )
        return str(run["JobRunState"])

    def application_status(self, name: str) -> str:
        """Return the state of a Managed Flink application."""
        answer = self.client("kinesisanalyticsv2").describe_application(ApplicationName=name)
        return str(answer["ApplicationDetail"]["ApplicationStatus"])


@contextmanager
def running_laptop(
    *,
    work_dir: Path = DEFAULT_WORK_DIR,
    progress: Progress = lambda _: None,
    port: int | None = None,
    flink_port: int | None = None,
    flink: bool = True,
    app: str | None = None,
    front_port: int | None = None,
) -> Iterator[Laptop]:
    """Start everything, deploy, and take it all down at the end, whatever happens in between.

    `app` is another CDK command than the project's, or a folder of synthesised templates. `front_port` is where the
    services, the functions and the detector find AWS if something stands in front of it; the deployment and the
    clients of the Laptop returned go to AWS itself. `work_dir` is emptied first. Raises LaptopError where something
    cannot start, and where the folder holds what is not a laptop's.
    """
    work_dir = work_dir.resolve()
    cloud_port = chosen_port(port, what="AWS", option="--port")
    web_port = chosen_port(flink_port, what="the Flink web pages", option="--flink-port") if flink else None
    if flink:
        flink_python()
    claim(work_dir)
    parts = _Parts(work_dir)
    with _ending_by_signal():
        try:
            laptop = parts.start(cloud_port, web_port, app, progress, front_port=front_port or cloud_port)
            write_state(work_dir, endpoint_url=laptop.endpoint_url, flink_web=laptop.flink_web, outputs=laptop.outputs)
            yield laptop
        finally:
            parts.stop()


class _Parts:
    """The processes of one laptop, in one group."""

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = work_dir
        self._keeper = start_keeper()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(
        self, port: int, flink_port: int | None, app: str | None, progress: Progress, *, front_port: int
    ) -> Laptop:
        """Start the server, the services and the deployment, side by side as far as they allow."""
        deployment = self._deployment(app)
        with ThreadPoolExecutor(max_workers=1) as aside:
            synthesis = aside.submit(deployment.synthesise)
            progress("Starting AWS on the laptop")
            cloud = self._keep(start_cloud(port, self._work_dir, group=self._keeper.pid, front_port=front_port))
            wait_for_cloud(cloud, port, self._work_dir)
            self._keep(self._services(front_port, flink_port))
            progress("Preparing the account (cdk bootstrap)")
            deployment.bootstrap(endpoint(port))
            progress("Reading the application (cdk synth)")
            synthesis.result()
        progress("Deploying the application (cdk deploy)")
        outputs = deployment.deploy(endpoint(port))
        return Laptop(
            endpoint_url=endpoint(port),
            work_dir=self._work_dir,
            outputs=outputs,
            flink_web=f"http://localhost:{flink_port}" if flink_port else None,
            deployment=deployment,
        )

    def _deployment(self, app: str | None) -> Deployment:
        options: dict[str, Any] = {"app": app} if app else {}
        return Deployment(work_dir=self._work_dir, group=self._keeper.pid, started=self._processes.append, **options)

    def _services(self, port: int, flink_port: int | None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "laptop.services", endpoint(port), str(self._work_dir)]
        command += [str(self._work_dir / "warehouse"), *([str(flink_port)] if flink_port else [])]
        environment = {**clean_environment(), "PYTHONPATH": str(ROOT)}
        log = self._work_dir / "logs" / "services.log"
        return spawn(command, environment=environment, log=log, cwd=ROOT, group=self._keeper.pid)

    def _keep(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        self._processes.append(process)
        return process

    def stop(self) -> None:
        """End all processes, politely first; nothing of the group is left afterwards."""
        with _undisturbed():
            for process in reversed(self._processes):
                stop(process, patience_seconds=8)
            sweep(self._keeper.pid)
            stop(self._keeper, patience_seconds=0.1)
            remove_state(self._work_dir)


def bring_down(work_dir: Path, *, seconds: float = 30) -> bool:
    """End the laptop running in the folder; return whether there was one."""
    state = read_state(work_dir)
    if state is None:
        return False
    os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while read_state(work_dir) is not None:
        if time.monotonic() > deadline:
            raise LaptopError(
                f"Process {state['pid']} does not end: `kill -9 {state['pid']}` ends it with all it started"
            )
        time.sleep(0.1)
    return True


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into the end of the block, as Ctrl-C is one."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = {}
    with suppress(ValueError):  # only the main thread may; elsewhere the caller sees to signals
        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nobody interrupt the tidying up: it is over in seconds."""
    before = {}
    with suppress(ValueError):
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


__all__ = ["DEFAULT_WORK_DIR", "Laptop", "LaptopError", "bring_down", "members", "read_state", "running_laptop"]
