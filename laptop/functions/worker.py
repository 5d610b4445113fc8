"""One running copy of a function: a process that is kept between invocations, as AWS keeps a warm one."""

import json
import os
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.network import aws_environment
from laptop.processes import spawn, stop

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# AWS gives 10 s; a laptop that starts everything at once may need longer.
_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Function:
    """What running one version of a function takes, all of it read from the API's record."""

    name: str
    arn: str
    version: str
    runtime: str
    handler: str
    code: bytes
    code_sha256: str
    environment: tuple[tuple[str, str], ...]
    timeout_seconds: int
    memory_mebibytes: int
    log_group: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What an invocation gave. `error` is empty, or what Lambda's header says of it; `log` is what it printed."""

    payload: bytes
    log: bytes
    error: str = ""


class Worker:
    """A process that serves one invocation at a time."""

    def __init__(self, function: Function, *, code: Path, sdk: Path, log: Path, endpoint_url: str) -> None:
        self._function = function
        self._log = log
        self.log_stream = f"{time.strftime('%Y/%m/%d')}/[{function.version}]{uuid.uuid4().hex}"
        log.touch()
        command = [sys.executable, "-I", "-S", "-B", str(_BOOTSTRAP), str(code), str(sdk)]
        self._process = spawn(command, environment=self._environment(endpoint_url), log=log, cwd=code, talk=True)
        self._started: dict[str, Any] | None = None

    def _environment(self, endpoint_url: str) -> dict[str, str]:
        """Return the template's variables and what the Lambda service adds, nothing of this machine's."""
        return {
            **aws_environment(endpoint_url),
            "PATH": os.defpath,
            "LANG": "en_US.UTF-8",
            "PYTHONUTF8": "1",
            "TZ": ":UTC",
            "_HANDLER": self._function.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self._function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": self._function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self._function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory_mebibytes),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            **dict(self._function.environment),
        }

    @property
    def alive(self) -> bool:
        """Return: another invocation may be sent."""
        return self._process.poll() is None

    def invoke(self, event: bytes) -> Result:
        """Send one event and wait for the answer, at most the function's timeout."""
        printed = self._log.stat().st_size
        if self._started is None:
            printed = 0
            self._started = self._read(_START_SECONDS)
        if "ready" not in self._started:
            return self._result(self._started, printed)
        request = {
            "event": json.loads(event),
            "request_id": str(uuid.uuid4()),
            "arn": self._function.arn,
            "deadline": time.time() + self._function.timeout_seconds,
        }
        return self._result(self._exchange(request), printed)

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"unhandled": {"errorType": "Runtime.ExitError", "errorMessage": "the function's process ended"}}
        return self._read(self._function.timeout_seconds)

    def _read(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        timed_out = threading.Event()
        clock = threading.Timer(seconds, self._end, [timed_out])
        clock.start()
        line = self._process.stdout.readline()
        clock.cancel()
        if line:
            return dict(json.loads(line))
        if timed_out.is_set():
            return {"unhandled": {"errorMessage": f"Task timed out after {seconds:.2f} seconds"}}
        return {"unhandled": {"errorType": "Runtime.ExitError", "errorMessage": "the function's process ended"}}

    def _end(self, timed_out: threading.Event) -> None:
        timed_out.set()
        self._process.kill()

    def _result(self, answer: dict[str, Any], printed: int) -> Result:
        with self._log.open("rb") as log:
            log.seek(printed)
            text = log.read()
        if "result" in answer:
            return Result(payload=answer["result"].encode(), log=text)
        return Result(payload=json.dumps(answer["unhandled"]).encode(), log=text, error="Unhandled")

    def stop(self) -> None:
        """End the process."""
        stop(self._process, patience_seconds=2)
