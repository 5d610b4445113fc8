"""From where on provisioned shards cost less than on-demand streams, computed from the stage and the prices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stacks.cost.enough import SHARD_RECORDS, shards_enough
from stacks.cost.month import Month
from stacks.cost.streaming import stream
from stacks.cost.tables import Price
from stacks.cost.templates import Resource

LOWEST, HIGHEST = 0.0, 1e6
STEPS = 60


@dataclass(frozen=True, kw_only=True)
class Crossover:
    """The events stream of a stage in both modes.

    `from_events_per_second` is the lowest mean rate from which on shards that are enough for the peak cost less, None
    if there is none up to a million. `highest_peak` says by mean rate how many times the mean the peak may be, before
    the shards that it takes cost more than being on demand.
    """

    peak_factor: float
    from_events_per_second: float | None
    highest_peak: Mapping[float, float]


def crossover(month: Month, *, prices: Mapping[str, Price], rates: tuple[float, ...]) -> Crossover:
    """Return where the modes cross for the stage and the assumptions of `month`, whatever its rate."""
    streams = _Streams(month=month, prices=prices)
    return Crossover(
        peak_factor=month["peak_factor"],
        from_events_per_second=streams.cheaper_from(),
        highest_peak={rate: streams.highest_peak(rate) for rate in rates if rate},
    )


@dataclass(frozen=True, kw_only=True)
class _Streams:
    month: Month
    prices: Mapping[str, Price]

    def cheaper_from(self) -> float | None:
        """Halve the interval until the rate is known; it is where the sign changes, or an end."""
        if self._shards_are_cheaper(LOWEST):
            return LOWEST
        if not self._shards_are_cheaper(HIGHEST):
            return None
        low, high = LOWEST, HIGHEST
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._shards_are_cheaper(middle) else (middle, high)
        return high

    def highest_peak(self, rate: float) -> float:
        """Return how many times the mean the shards take that cost as much as being on demand."""
        fixed, one = self._usd(rate, shards=0), self._usd(rate, shards=1)
        affordable = (self._usd(rate, shards=None) - fixed) / (one - fixed)
        return int(affordable) * SHARD_RECORDS / rate

    def _shards_are_cheaper(self, rate: float) -> bool:
        enough = shards_enough(replace(self.month, events_per_second=rate))
        return self._usd(rate, shards=enough) < self._usd(rate, shards=None)

    def _usd(self, rate: float, *, shards: int | None) -> float:
        """Return the cost of the events stream with so many shards, None for on demand."""
        month = replace(self.month, events_per_second=rate)
        (found,) = (each for each in month.templates.resources if each.key == month.wiring.events_stream)
        lines = stream(_in_mode(found, shards), month)
        return sum(line.quantity * self.prices[line.price].usd for line in lines)


def _in_mode(resource: Resource, shards: int | None) -> Resource:
    mode: dict[str, Any] = {"StreamModeDetails": {"StreamMode": "ON_DEMAND" if shards is None else "PROVISIONED"}}
    return replace(resource, properties={**resource.properties, **mode, "ShardCount": shards})
