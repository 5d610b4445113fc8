"""All functions that run: unpacks their code, keeps their processes warm, hands their logs to CloudWatch."""

import hashlib
import importlib.metadata
import io
import shutil
import threading
import zipfile
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from laptop.functions.logs import Logs
from laptop.functions.worker import Function, Result, Worker

# What the Python runtime of Lambda brings along; everything else has to be in the function's zip.
_SDK = ("boto3", "botocore", "jmespath", "s3transfer", "python-dateutil", "six", "urllib3")

__all__ = ["Fleet", "Function", "Result"]


class Fleet:
    """Runs invocations, each in a process that serves no other at the time."""

    def __init__(self, *, work_dir: Path, endpoint_url: str, log: Path) -> None:
        self._work_dir = work_dir
        self._endpoint_url = endpoint_url
        self._logs = Logs(endpoint_url=endpoint_url, fallback=log)
        self._idle: defaultdict[Function, list[Worker]] = defaultdict(list)
        self._all: list[Worker] = []
        self._lock = threading.Lock()
        shutil.rmtree(work_dir, ignore_errors=True)

    def invoke(self, function: Function, event: bytes) -> Result:
        """Run one invocation; a changed function, environment included, gets new processes."""
        if not function.runtime.startswith("python"):
            return _refused(f"the laptop runs Python functions only, {function.name} is {function.runtime}")
        worker = self._take(function)
        result = worker.invoke(event)
        self._logs.keep(function, worker.log_stream, result.log)
        if worker.alive:
            with self._lock:
                self._idle[function].append(worker)
        return result

    def _take(self, function: Function) -> Worker:
        with self._lock:
            while self._idle[function]:
                worker = self._idle[function].pop()
                if worker.alive:
                    return worker
            number = len(self._all)
            code, sdk = self._unpacked(function), self._sdk()
            log = self._work_dir / f"{function.name}-{number}.log"
            worker = Worker(function, code=code, sdk=sdk, log=log, endpoint_url=self._endpoint_url)
            self._all.append(worker)
            return worker

    def _unpacked(self, function: Function) -> Path:
        folder = self._work_dir / f"{function.name}-{hashlib.sha256(function.code).hexdigest()[:16]}"
        if not folder.exists():
            folder.mkdir(parents=True)
            with zipfile.ZipFile(io.BytesIO(function.code)) as archive:
                archive.extractall(folder)
        return folder

    def _sdk(self) -> Path:
        """Return a folder with links to the SDK alone, out of the environment that this process runs in."""
        folder = self._work_dir / "sdk"
        if not folder.exists():
            folder.mkdir(parents=True)
            for name in _SDK:
                distribution = importlib.metadata.distribution(name)
                for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
                    with suppress(FileExistsError):
                        (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
        return folder

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            for worker in self._all:
                worker.stop()


def _refused(reason: str) -> Result:
    return Result(payload=f'{{"errorMessage": "{reason}"}}'.encode(), log=reason.encode(), error="Unhandled")
