"""Seconds by step, inside the process that does the work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Stopwatch:
    """Adds up seconds by the name of a step."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._since = time.perf_counter()

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
        """Return the sum, and the seconds of each step."""
        return {"seconds": sum(self._seconds.values()), "steps": dict(self._seconds)}
