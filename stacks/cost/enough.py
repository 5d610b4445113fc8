"""Whether a stage as it is set takes a rate of events, and which setting is to be raised where it does not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from stacks.cost.month import Month

# A shard takes so many records and bytes a second.
SHARD_RECORDS, SHARD_BYTES = 1000, 1024**2
# After a rest the alarms are mute for so long.
CATCHING_UP_HOURS = 1


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """A setting that does not do at a rate, the value that would, and what happens with the one it has."""

    setting: str
    value: int
    enough: int
    consequence: str


def shortfalls(month: Month) -> Iterator[Shortfall]:
    """Give the settings that do not do at this rate: the bill would be of a platform that cannot run."""
    wiring = month.wiring
    if wiring.detector_units < _units_enough(month):
        yield Shortfall(
            setting="detector_parallelism",
            value=wiring.detector_parallelism,
            enough=parallelism_enough(month),
            consequence="at the peak the detector falls behind",
        )
    if wiring.events_shards is not None and wiring.events_shards < shards_enough(month):
        yield Shortfall(
            setting="shards_per_stream",
            value=wiring.events_shards,
            enough=shards_enough(month),
            consequence="at the peak the stream refuses events",
        )
    if wiring.bytes_scanned_cutoff < month.scanned_bytes:
        yield Shortfall(
            setting="bytes_scanned_cutoff",
            value=wiring.bytes_scanned_cutoff,
            enough=math.ceil(month.scanned_bytes / 1024**3) * 1024**3,
            consequence="Athena stops most questions before they are answered",
        )


def shards_enough(month: Month) -> int:
    """Return how many shards take the events at the peak."""
    peak = _peak(month)
    return max(math.ceil(peak / SHARD_RECORDS), math.ceil(peak * month["event_bytes"] / SHARD_BYTES), 1)


def parallelism_enough(month: Month) -> int:
    """Return the parallelism with which the detector takes the events at the peak."""
    return _units_enough(month) * month.wiring.detector_parallelism_per_kpu


def catches_up(month: Month, *, rest_hours: float) -> bool:
    """Whether the detector has read on in time what came while it rested, beside what goes on coming."""
    power = month.wiring.detector_units * month["kpu_events_per_second"]
    return month.events_per_second <= caught_up_events_per_second(power, rest_hours=rest_hours)


def caught_up_events_per_second(power: float, *, rest_hours: float) -> float:
    """Return up to which mean rate a detector that takes `power` events a second catches up in time after a rest."""
    return power * CATCHING_UP_HOURS / (rest_hours + CATCHING_UP_HOURS)


def _units_enough(month: Month) -> int:
    return max(math.ceil(_peak(month) / month["kpu_events_per_second"]), 1)


def _peak(month: Month) -> float:
    return month.events_per_second * month["peak_factor"]
