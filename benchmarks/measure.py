"""One measurement: a task in a process of its own, its seconds by its own clock, its memory as the system sees it."""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.1
TASKS = (sys.executable, "-m", "benchmarks.tasks")
LAST_LINES = 15


class BenchmarkError(RuntimeError):
    """A measurement that could not be made; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one task took. `seconds` is what the task timed, without the start of Python, Java and libraries.

    `peak_bytes` is the largest sum of resident memory over the process and its children, `cpu_seconds` what all of
    them took of the processors from their start on; both by samples.
    """

    seconds: float
    peak_bytes: int
    cpu_seconds: float
    told: dict[str, Any]

    @property
    def steps(self) -> dict[str, float]:
        """The seconds of each step, where the task tells them."""
        return dict(self.told.get("steps", {}))


def run_task(
    name: str,
    told: Mapping[str, Any],
    *,
    program: Sequence[str] = TASKS,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Run a task of a program in its own process, with what it must be told. Raises BenchmarkError."""
    command = [*program, name, json.dumps(told)]
    surroundings = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=output, stderr=errors)
        try:
            used = watched(process)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise BenchmarkError(f"{name} failed ({process.returncode}):\n{_end_of(errors)}")
        output.seek(0)
        answer = json.loads(output.read().splitlines()[-1])
    return Measured(seconds=answer["seconds"], peak_bytes=used.peak_bytes, cpu_seconds=used.cpu_seconds, told=answer)


def growth_exponent(few: tuple[int, float], many: tuple[int, float]) -> float:
    """Return the power of the rows with which the seconds grow: 1 is in proportion, 2 is the square."""
    return math.log(many[1] / few[1]) / math.log(many[0] / few[0])


def middle(measured: Sequence[Measured]) -> tuple[float, int]:
    """Return the medians of the seconds and of the peaks."""
    return median(one.seconds for one in measured), round(median(one.peak_bytes for one in measured))


def middle_cpu(measured: Sequence[Measured]) -> float:
    """Return the median of the processor seconds."""
    return median(float(one.told["cpu_seconds"]) for one in measured)


def middle_steps(measured: Sequence[Measured]) -> dict[str, float]:
    """Return the median seconds of each step."""
    return {name: median(one.steps[name] for one in measured) for name in measured[0].steps}


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a process and its children had: memory at most, and processor seconds, of those that were seen."""

    peak_bytes: int
    cpu_seconds: float


def watched(process: "subprocess.Popen[bytes]") -> Used:
    """Wait for the process to end; return what it and its children used, by samples."""
    peak_bytes = 0
    cpu_seconds: dict[int, float] = {}
    while process.poll() is None:
        resident_bytes = 0
        for one in _family(process.pid):
            with suppress(psutil.NoSuchProcess):
                resident_bytes += one.memory_info().rss
                cpu_seconds[one.pid] = sum(one.cpu_times()[:2])
        peak_bytes = max(peak_bytes, resident_bytes)
        time.sleep(SAMPLE_SECONDS)
    return Used(peak_bytes=peak_bytes, cpu_seconds=sum(cpu_seconds.values()))


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _end_of(errors: Any) -> str:
    errors.seek(0)
    return "\n".join(errors.read().splitlines()[-LAST_LINES:])
