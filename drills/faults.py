"""What the proxy can do to a request, and for how long: data, from which a schedule is made."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import psutil

from drills.request import Request


class Action(StrEnum):
    """What becomes of a request that a fault has met."""

    REFUSE = "refuse"  # nothing is done, and the answer is an error
    HOLD_BACK = "hold back"  # of a PutRecords some records are written, the others answered with an error
    LOSE_ANSWER = "lose answer"  # it is done, and the connection ends before the answer
    DELAY = "delay"  # it is done so much later
    KILL_BEFORE = "kill before"  # the caller's process is killed, nothing is done
    KILL_AFTER = "kill after"  # it is done, then the caller's process is killed
    FREEZE = "freeze"  # the caller's process is stopped as it is, nothing is done


ONCE = frozenset((Action.KILL_BEFORE, Action.KILL_AFTER, Action.FREEZE))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Requests that `meets` are met with the probability `share`, 0 to 1.

    `code` and `status` are of the error; `delay_seconds` is how long a request is held. A fault that ends a process
    meets one request and no more.
    """

    name: str
    action: Action
    meets: Callable[[Request], bool]
    share: float = 1.0
    code: str = "InternalFailure"
    status: int = 500
    delay_seconds: float = 0.0


@dataclass
class Standing:
    """A fault while it lasts; `times` is how many requests it has met, `found` whether it knew whom to end."""

    fault: Fault
    times: int = 0
    until: float = float("inf")
    caller: psutil.Process | None = None
    found: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Request, chance: float) -> bool:
        """Return whether this request is met, and count it."""
        if time.monotonic() >= self.until or not self.fault.meets(request) or chance >= self.fault.share:
            return False
        with self.lock:
            if self.times and self.fault.action in ONCE:
                return False
            self.times += 1
        return True

    def caller_lives(self) -> bool:
        """Return whether the process that this fault has met is still there."""
        try:
            return self.caller is not None and self.caller.is_running() and self.caller.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
