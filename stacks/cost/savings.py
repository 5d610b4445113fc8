"""Which setting of a stage would lower its bill, and by how much: the stage is synthesised with it and priced again."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stacks.cost.bill import Bill, price
from stacks.cost.month import Month
from stacks.cost.streaming import shards_enough
from stacks.cost.templates import Templates
from stacks.stages import Stage

NIGHT = (22, 6)
WORTH_TELLING_USD = 0.5


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting, the value that would do at a rate, and what one gives up for it."""

    setting: str
    value: Callable[[Month], Any]
    gives_up: str


@dataclass(frozen=True, kw_only=True)
class Saving:
    """US dollars a month that one value of one setting saves, by mean rate of events."""

    setting: str
    value: Any
    usd: Mapping[float, float]
    gives_up: str


def _parallelism_enough(month: Month) -> int:
    return max(math.ceil(month.events_per_second * month["peak_factor"] / month["kpu_events_per_second"]), 1)


OPTIONS: tuple[Option, ...] = (
    Option(
        setting="shards_per_stream",
        value=shards_enough,
        gives_up="streams that grow by themselves: above its shards a stream refuses records until you add some",
    ),
    Option(
        setting="detector_rests",
        value=lambda _month: NIGHT,
        gives_up="alerts at night: attacks of the night are found in the morning, from the records that were kept",
    ),
    Option(
        setting="detector_parallelism",
        value=_parallelism_enough,
        gives_up="headroom: it catches up more slowly after a stop",
    ),
    Option(
        setting="stream_retention_hours",
        value=lambda _month: 24,
        gives_up="time to repair: a reader that is down for longer misses records, which only the raw bucket then has",
    ),
    Option(
        setting="delivery_buffer_seconds",
        value=lambda _month: 300,
        gives_up="freshness of the raw bucket, which the nightly jobs do not need",
    ),
    Option(
        setting="batch_workers",
        value=lambda _month: 2,
        gives_up="speed of the nightly jobs",
    ),
    Option(
        setting="bytes_scanned_cutoff",
        value=lambda _month: 10 * 1024**3,
        gives_up="questions over much of a large lake: Athena stops them at 10 GiB",
    ),
)


def savings(
    stage: Stage, bills: Mapping[float, Bill], *, month: Month, synthesised: Callable[[Stage], Templates]
) -> list[Saving]:
    """Return what each setting would save at the rates of the bills, the most first."""
    found: dict[tuple[str, Any], Saving] = {}
    for option in OPTIONS:
        for rate, bill in bills.items():
            value = option.value(replace(month, events_per_second=rate))
            changed = _with(stage, option.setting, value)
            if changed is None:
                continue
            saved = bill.total - price(synthesised(changed), events_per_second=rate).total
            known = found.get((option.setting, value))
            usd = {**(known.usd if known else {}), rate: saved}
            found[option.setting, value] = Saving(
                setting=option.setting, value=value, usd=usd, gives_up=option.gives_up
            )
    worth = [saving for saving in found.values() if max(saving.usd.values()) >= WORTH_TELLING_USD]
    return sorted(worth, key=lambda saving: -max(saving.usd.values()))


def _with(stage: Stage, setting: str, value: Any) -> Stage | None:
    """Return the stage with this setting; None where it has it, or where it would be refused beside its others."""
    if value == getattr(stage, setting):
        return None
    try:
        return replace(stage, **{setting: value})
    except ValueError:
        return None
