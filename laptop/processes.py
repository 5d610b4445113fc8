"""Child processes that cannot outlive the laptop.

Everything runs in one process group that a keeper leads. The keeper kills the group when the laptop ends in whatever
way, SIGKILL included, because it then reads the end of its standard input. On Linux each child is also bound to its
own parent by the kernel.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

_PR_SET_PDEATHSIG = 1
_LINUX = sys.platform.startswith("linux")
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None
# The kernel's bond is with the thread that forks, so all forks are made by one thread that lives as long as we do.
_FORKS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forks")


class LaptopError(RuntimeError):
    """Something the user can put right; the message says how, in one line."""


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path | int,
    cwd: Path | None = None,
    group: int | None = None,
    talk: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child; its errors, and its output unless `talk`, go to the end of `log`.

    `group` is the process group it joins, by default the caller's. With `talk` standard input and output are pipes.
    """
    return _FORKS.submit(_spawn, command, environment, log, cwd, group, talk).result()


def _spawn(  # noqa: PLR0917  # handed through an executor
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path | int,
    cwd: Path | None,
    group: int | None,
    talk: bool,
) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    target: IO[bytes] | int = log.open("ab") if isinstance(log, Path) else log
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talk else target,
            stderr=target,
            process_group=group,
            preexec_fn=(lambda: _die_with(parent)) if _LINUX else None,  # noqa: PLW1509  # one ctypes call, no locks
        )
    finally:
        if not isinstance(target, int):
            target.close()


def _die_with(parent: int) -> None:
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def start_keeper() -> subprocess.Popen[bytes]:
    """Start the leader of a new process group; the group is killed when this process ends."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("keeper.py"))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, process_group=0)


def stop(process: subprocess.Popen[Any], *, patience_seconds: float) -> None:
    """Ask the process to end, wait, and end it; a process that is gone already is left alone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def members(group: int) -> list[psutil.Process]:
    """Return the living processes of a process group, this process left out."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _is_in(process, group)]


def _is_in(process: psutil.Process, group: int) -> bool:
    with suppress(ProcessLookupError, PermissionError, psutil.Error):
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    return False


def sweep(group: int, *, patience_seconds: float = 5) -> None:
    """Kill what is left of a process group, and wait until it is gone."""
    left = members(group)
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=patience_seconds)
