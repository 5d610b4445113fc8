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
class Kind:
    """Records of one kind: how many in a month, and their mean size."""

    records: float
    record_bytes: float


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What one stream carries in a month, and how many programs read each record.

    By kind, since records count in whole steps: a few long ones among many short ones are not a mean one each.
    """

    kinds: tuple[Kind, ...]
    readers: int

    @property
    def records(self) -> float:
        """Records of all kinds."""
        return sum(kind.records for kind in self.kinds)

    @property
    def bytes(self) -> float:
        """Bytes of all records, as they are."""
        return sum(kind.records * kind.record_bytes for kind in self.kinds)

    def steps(self, *, step_bytes: int) -> float:
        """Return how many steps are billed where each record counts in whole ones."""
        return sum(kind.records * math.ceil(kind.record_bytes / step_bytes) for kind in self.kinds)

    def gigabytes(self, *, step_bytes: int) -> float:
        """Return what is billed of the records where each counts in whole steps."""
        return self.steps(step_bytes=step_bytes) * step_bytes / GIGABYTE


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
    def risks(self) -> float:
        """Signals of behavioural risk in a month; none where the detector is told not to look for them."""
        return self.events / 1e6 * self["risks_per_million_events"] if self.wiring.behavioural_risk else 0

    @property
    def tallies(self) -> float:
        """Tallies in a month: those of each period that had an event, which at a low rate not every one has."""
        period_seconds = self.wiring.tally_seconds
        busy = 1 - math.exp(-self.events_per_second * period_seconds)
        return SECONDS / period_seconds * busy * self["tallies_per_period"]

    def flow(self, stream: str) -> Flow:
        """Return what flows through a stream. Raises UnknownPartError for one that is neither of the two."""
        if stream == self.wiring.events_stream:
            kinds: tuple[Kind, ...] = (Kind(records=self.events, record_bytes=self["event_bytes"]),)
        elif stream == self.wiring.incidents_stream:
            kinds = (
                Kind(records=self.incident_records, record_bytes=self["incident_bytes"]),
                Kind(records=self.tallies, record_bytes=self["tally_bytes"]),
                Kind(records=self.risks, record_bytes=self["risk_bytes"]),
            )
        else:
            raise UnknownPartError(f"nothing says what the stream {stream} carries")
        return Flow(kinds=kinds, readers=self.wiring.readers(stream))

    @cached_property
    def wiring(self) -> Wiring:
        """Who is connected to whom."""
        return Wiring(templates=self.templates)

    @property
    def lake_bytes(self) -> float:
        """Bytes of the lake's tables when they hold what they are assumed to hold."""
        return self.events * self["lake_months"] * self["event_bytes_in_lake"]

    @property
    def scanned_bytes(self) -> float:
        """Bytes that a question reads of such a lake, if nothing stops it."""
        return self.lake_bytes * self["scanned_share_of_lake"]
