"""Seconds by step, inside the process that does the work: by the clock, and of all processors together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil


class Stopwatch:
    """Adds up seconds by the name of a step."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._since = time.perf_counter()
        self._cpu_before = _cpu_seconds()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        began = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - began)

    def reached(self, step: str) -> None:
        """Count the time since the last call, or since the beginning, for the step `name: where it is`."""
        now = time.perf_counter()
        self.add(step.partition(":")[0], now - self._since)
        self._since = now

    def add(self, name: str, seconds: float) -> None:
        """Add seconds to a step."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def seconds_by_step(self) -> dict[str, Any]:
        """Return the sum, the seconds of each step, and the processor seconds since the beginning.

        The latter hardly change when something else runs on the machine; children that have ended count as well.
        """
        cpu_seconds = _cpu_seconds() - self._cpu_before
        return {"seconds": sum(self._seconds.values()), "cpu_seconds": cpu_seconds, "steps": dict(self._seconds)}


def _cpu_seconds() -> float:
    """Return the processor seconds that this process and its children have taken so far."""
    this = psutil.Process()
    own = this.cpu_times()
    children = (child.cpu_times() for child in this.children(recursive=True))
    return sum(times.user + times.system + times.children_user + times.children_system for times in (own, *children))
