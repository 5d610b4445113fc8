"""The one loop between a source and a sink, and the account of what became of every record."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from simulator.pace import Pace
from simulator.record import Fault, Record
from simulator.sinks import Sink, SinkFault


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of the records of one run: produced = sent + refused + unsent.

    `retried` counts attempts beyond a record's first; `unsent` is above zero only where the run broke off.
    """

    produced: int
    sent: int
    retried: int
    refused: int
    seconds: float
    interrupted: bool

    @property
    def unsent(self) -> int:
        """Records taken from the source whose fate the sink does not know."""
        return self.produced - self.sent - self.refused

    @property
    def events_per_second(self) -> float:
        """Records sent per second over the whole run."""
        return self.sent / self.seconds if self.seconds > 0 else 0.0


class Stopped(Fault):
    """A run that broke off; the account says how far it came."""

    def __init__(self, reason: str, account: Account) -> None:
        super().__init__(reason)
        self.account = account


class Interrupted(Exception):
    """How a source ends that is asked to stop while it has no record to be stopped at."""


def send(
    records: Iterable[Record],
    sink: Sink,
    pace: Pace | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    acknowledged: Callable[[Record], None] | None = None,
    stop: threading.Event | None = None,
) -> Account:
    """Send every record, in order; return the account.

    `progress` gets the number of records produced, `acknowledged` the last record of those the sink has settled
    (sent or refused), both now and then. Setting `stop` ends the run in good order, as Interrupted from the source
    does. Raises Stopped.
    """
    run = _Run(sink, progress or _ignore, acknowledged or _ignore, stop or threading.Event())
    try:
        run.pump(records, pace)
    except Fault as fault:
        raise Stopped(str(fault), run.account()) from fault
    return run.account()


class _Run:
    """The state of one call of `send`: what was taken last, and when it began."""

    def __init__(
        self,
        sink: Sink,
        progress: Callable[[int], None],
        acknowledged: Callable[[Record], None],
        stop: threading.Event,
    ) -> None:
        self._sink = sink
        self._progress = progress
        self._acknowledged = acknowledged
        self._stop = stop
        self._last: Record | None = None
        self._produced = 0
        self._started = time.monotonic()

    def pump(self, records: Iterable[Record], pace: Pace | None) -> None:
        """Move the records. What was accepted is flushed even where the source fails midway."""
        sink, stop = self._sink, self._stop
        try:
            with suppress(Interrupted):
                for record in records:
                    if stop.is_set() or (pace is not None and self._stopped_while_waiting(pace, record)):
                        break
                    self._produced += 1
                    settled = sink.write(record)
                    self._last = record
                    if settled:
                        self._report()
        except SinkFault:
            raise
        except Fault:
            self._flush()
            raise
        self._flush()

    def account(self) -> Account:
        """Return the account so far."""
        return Account(
            produced=self._produced,
            sent=self._sink.sent,
            retried=self._sink.retried,
            refused=self._sink.refused,
            seconds=time.monotonic() - self._started,
            interrupted=self._stop.is_set(),
        )

    def _stopped_while_waiting(self, pace: Pace, record: Record) -> bool:
        delay = pace.delay_seconds(record)
        if delay <= 0:
            return False
        self._flush()
        return self._stop.wait(min(delay, threading.TIMEOUT_MAX))

    def _flush(self) -> None:
        self._sink.flush()
        self._report()

    def _report(self) -> None:
        self._progress(self._produced)
        if self._last is not None:
            self._acknowledged(self._last)


def _ignore(_: object) -> None:
    """Take a report that nobody asked for."""
