"""Lets a schedule's faults begin and end at their times, beside the traffic."""

import threading
import time
from dataclasses import dataclass, field

from drills.catalogue import Lasting
from drills.faults import ONCE, Standing
from drills.plan import Timed
from drills.proxy import FaultProxy
from drills.strikes import strike
from laptop.running import Laptop

_PAUSE_SECONDS = 0.05
# A function that is frozen is ended by its time limit, 60 s, and whatever its caller needs to notice.
_LONGEST_SECONDS = 75.0


@dataclass(frozen=True, kw_only=True)
class Over:
    """A fault that is over: when it ended, by the monotonic clock, and how many requests it met."""

    name: str
    ended_at: float
    times: int


@dataclass
class Timeline:
    """Runs the faults of one schedule, each in a thread of its own."""

    proxy: FaultProxy
    laptop: Laptop
    over: list[Over] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, timed: tuple[Timed, ...]) -> None:
        """Let time begin."""
        for each in timed:
            thread = threading.Thread(target=self._run, args=(each,), daemon=True, name=each.name)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        """Wait until all faults are over."""
        for thread in self._threads:
            thread.join()

    def _run(self, timed: Timed) -> None:
        time.sleep(timed.begin_seconds)
        if not isinstance(timed.what, Lasting):
            try:
                self.over.append(Over(name=timed.name, ended_at=strike(timed.what, self.laptop), times=1))
            except Exception as error:  # noqa: BLE001  # the border: a drill that could not be made is told, not hidden
                self.errors.append(f"{timed.name}: {type(error).__name__}: {error}")
            return
        standing = self.proxy.begin(timed.what.fault)
        if timed.what.fault.action in ONCE:
            ended_at = _met(standing, timed.lasting_seconds)
        else:
            time.sleep(timed.lasting_seconds)
            ended_at = time.monotonic()
        self.proxy.end(standing)
        if not standing.found:
            self.errors.append(f"{timed.name}: whoever sent the request was not found")
        self.over.append(Over(name=timed.name, ended_at=ended_at, times=standing.times))


def _met(standing: Standing, seconds: float) -> float:
    """Wait until the fault has met its one request, at most so long; return when its process was gone."""
    deadline = time.monotonic() + seconds
    while not standing.times and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    gone_by = time.monotonic() + _LONGEST_SECONDS
    while standing.caller_lives() and time.monotonic() < gone_by:
        time.sleep(_PAUSE_SECONDS)
    return time.monotonic()
