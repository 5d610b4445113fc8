"""When the next record is due: as fast as possible, at a fixed rate, or at a multiple of the recorded speed."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from simulator.record import Record

# Records due within one tick go out together, so that a high rate still makes full batches.
TICK_SECONDS = 0.05
# After a stall the rate makes up for this much at once, and for the rest by going a little faster: all at once would
# overshoot the rate.
AT_ONCE_SECONDS = 0.15
FASTER = 0.004


class Pace(Protocol):
    """Says how long to wait before a record may go."""

    def delay_seconds(self, record: Record) -> float:
        """Return how long to wait now; zero or less means: send it."""


class Rate:
    """So many records a second, counted from the first."""

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1.0 / per_second
        self._clock = clock
        self._due: float | None = None
        self._owed_seconds = 0.0

    def delay_seconds(self, record: Record) -> float:  # noqa: ARG002 a rate treats all records alike
        """Return how long to wait, in ticks: a record due within this one has nothing to wait for."""
        now = self._clock()
        due = now if self._due is None else self._due
        if due < now - AT_ONCE_SECONDS:
            self._owed_seconds += now - AT_ONCE_SECONDS - due
            due = now - AT_ONCE_SECONDS
        made_up = min(self._owed_seconds, FASTER * self._interval)
        self._owed_seconds -= made_up
        self._due = due + self._interval - made_up
        delay = due - now
        return max(delay, TICK_SECONDS) if delay > 0 else 0.0


class Speed:
    """So many times the recorded speed, by the time of the events. Late events and non-events never wait."""

    def __init__(self, times: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._times = times
        self._clock = clock
        self._origin: tuple[float, datetime] | None = None

    def delay_seconds(self, record: Record) -> float:
        """Return how long to wait until the event's turn."""
        if record.event_time is None:
            return 0.0
        now = self._clock()
        if self._origin is None:
            self._origin = now, record.event_time
        started, first = self._origin
        delay = started + (record.event_time - first).total_seconds() / self._times - now
        return max(delay, TICK_SECONDS) if delay > 0 else 0.0
