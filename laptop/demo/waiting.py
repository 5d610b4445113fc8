"""Waits until every record is accounted for, everywhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from laptop.demo.readings import IncidentsStream, RawRecords, alerts, stored_incidents
from laptop.processes import LaptopError
from laptop.running import Laptop

# The detector writes what it found within a second; nothing new for so long means it is done.
QUIET_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The parts of the system that are read again and again until they agree."""

    laptop: Laptop
    stream: IncidentsStream
    raw_events: RawRecords
    raw_incidents: RawRecords


def readings(laptop: Laptop) -> Readings:
    """Return the readings of this laptop, nothing read yet."""
    return Readings(
        laptop=laptop,
        stream=IncidentsStream(laptop),
        raw_events=RawRecords(laptop, "raw/events/"),
        raw_incidents=RawRecords(laptop, "raw/incidents/"),
    )


def wait_for_all(readings: Readings, *, produced: int, show: Callable[[str], None]) -> None:
    """Wait until detector, archive and responder have seen all of it. Raises LaptopError saying what is missing."""
    until(lambda: _judged(readings, produced), show=show)
    quiet = _Quiet(readings)
    until(quiet.missing, show=show)
    until(lambda: _archived(readings, produced), show=show)
    until(lambda: _answered(readings), show=show)


def until(missing: Callable[[], str], *, show: Callable[[str], None], patience_seconds: float = 300) -> None:
    """Ask again and again what is missing, until nothing is: a long file takes as long as it takes.

    Raises LaptopError where the answer stays the same for longer than the patience.
    """
    said, since = "", time.monotonic()
    while what := missing():
        if what != said:
            said, since = what, time.monotonic()
        elif time.monotonic() - since > patience_seconds:
            raise LaptopError(f"Nothing has moved for {patience_seconds:.0f} s: {what}")
        show(what)
        time.sleep(0.5)


def _judged(readings: Readings, produced: int) -> str:
    readings.stream.read()
    judged = readings.stream.lines_by_outcome().total()
    return "" if judged == produced else f"the detector has judged {judged:,} of {produced:,} records"


def _events_archived(readings: Readings, produced: int) -> str:
    readings.raw_events.read()
    events = readings.raw_events.records
    return "" if events == produced else f"the archive has {events:,} of {produced:,} records"


def _archived(readings: Readings, produced: int) -> str:
    if missing := _events_archived(readings, produced):
        return missing
    readings.raw_incidents.read()
    archived, told = readings.raw_incidents.records, readings.stream.records
    return "" if archived >= told else f"the archive has {archived:,} of {told:,} records that the detector wrote"


def _answered(readings: Readings) -> str:
    emitted = len(readings.stream.incidents)
    stored, sent = len(stored_incidents(readings.laptop)), alerts(readings.laptop)
    return "" if stored == sent == emitted else f"{emitted} incidents: {stored} stored, {sent} alerts sent"


class _Quiet:
    """Whether the incidents stream has been silent for a while."""

    def __init__(self, readings: Readings) -> None:
        self._stream = readings.stream
        self._seen = -1
        self._since = time.monotonic()

    def missing(self) -> str:
        self._stream.read()
        if self._stream.records != self._seen:
            self._seen, self._since = self._stream.records, time.monotonic()
        quiet = time.monotonic() - self._since >= QUIET_SECONDS
        return "" if quiet else f"the detector is finishing, {self._seen:,} records so far"
