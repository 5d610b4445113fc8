"""A month of one stage at a steady rate of events: what flows through its streams, and who reads and writes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from stacks.cost.tables import Assumption
from stacks.cost.templates import Templates
from stacks.cost.wiring import UnknownPartError, Wiring

HOURS = 730
DAYS = HOURS / 24
SECONDS = HOURS * 3600
KILOBYTE = 1024
GIGABYTE = 1024**3


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the bill: how much of what a price is for, and the resource that it is for."""

    price: str
    quantity: float
    resource: str


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What one stream carries in a month: records, their mean size, and how many programs read each of them."""

    records: float
    record_bytes: float
    readers: int

    def gigabytes(self, *, step_bytes: int) -> float:
        """Return what is billed of the records where each counts in whole steps."""
        return self.records * math.ceil(self.record_bytes / step_bytes) * step_bytes / GIGABYTE


@dataclass(frozen=True, kw_only=True)
class Month:
    """One stage under a steady mean rate of events."""

    templates: Templates
    assumed: Mapping[str, Assumption]
    events_per_second: float

    def __getitem__(self, name: str) -> float:
        """Return the number that is assumed under this name. Raises UnknownPartError."""
        if name not in self.assumed:
            raise UnknownPartError(f"nothing is assumed under the name {name}")
        return self.assumed[name].value

    @property
    def events(self) -> float:
        """Events in a month."""
        return self.events_per_second * SECONDS

    @property
    def million_events_a_day(self) -> float:
        """Millions of events on each day."""
        return self.events / DAYS / 1e6

    @property
    def incidents(self) -> float:
        """Episodes in a month."""
        return self.events / 1e6 * self["incidents_per_million_events"]

    @property
    def incident_records(self) -> float:
        """Records about episodes in a month."""
        return self.incidents * self["records_per_incident"]

    @property
    def tallies(self) -> float:
        """Tallies in a month: those of each period that had an event, which at a low rate not every one has."""
        period_seconds = self.wiring.tally_seconds
        busy = 1 - math.exp(-self.events_per_second * period_seconds)
        return SECONDS / period_seconds * busy * self["tallies_per_period"]

    def flow(self, stream: str) -> Flow:
        """Return what flows through a stream. Raises UnknownPartError for one that is neither of the two."""
        if stream == self.wiring.events_stream:
            records, record_bytes = self.events, self["event_bytes"]
        elif stream == self.wiring.incidents_stream:
            records, record_bytes = self._about_incidents()
        else:
            raise UnknownPartError(f"nothing says what the stream {stream} carries")
        return Flow(records=records, record_bytes=record_bytes, readers=self.wiring.readers(stream))

    def _about_incidents(self) -> tuple[float, float]:
        records = self.incident_records + self.tallies
        whole = self.incident_records * self["incident_bytes"] + self.tallies * self["tally_bytes"]
        return records, whole / records if records else 0

    @cached_property
    def wiring(self) -> Wiring:
        """Who is connected to whom."""
        return Wiring(templates=self.templates)

    @property
    def lake_bytes(self) -> float:
        """Bytes of the lake's tables when they hold what they are assumed to hold."""
        return self.events * self["lake_months"] * self["event_bytes_in_lake"]
