"""Which setting of a stage would lower its bill, and by how much: the stage is synthesised with it and priced again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stacks.cost.bill import Bill, price
from stacks.cost.enough import catches_up, parallelism_enough, shards_enough
from stacks.cost.month import Month
from stacks.cost.templates import Templates
from stacks.stages import Stage

NIGHT = (22, 6)
NIGHT_HOURS = (NIGHT[1] - NIGHT[0]) % 24
WORTH_TELLING_USD = 0.5


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting, the value that would do at a rate or None where none would, and what one gives up for it."""

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


def _rest(month: Month) -> tuple[int, int] | None:
    return NIGHT if catches_up(month, rest_hours=NIGHT_HOURS) else None


OPTIONS: tuple[Option, ...] = (
    Option(
        setting="shards_per_stream",
        value=shards_enough,
        gives_up="streams that grow by themselves: above its shards a stream refuses records until you add some",
    ),
    Option(
        setting="detector_rests",
        value=_rest,
        gives_up=(
            "alerts at night: attacks of the night are found in the morning, from the records that were kept; it would "
            "take more than an hour to catch up where no figure is given"
        ),
    ),
    Option(
        setting="detector_parallelism",
        value=parallelism_enough,
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
    """Return the stage with this setting; None where none would do, it has it, or it would be refused beside others."""
    if value is None or value == getattr(stage, setting):
        return None
    try:
        return replace(stage, **{setting: value})
    except ValueError:
        return None
