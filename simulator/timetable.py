"""When the sale, the attacks and the look-alikes take place, so that each can be told from what is usual by then.

Crowds (surges and sales) keep 45 minutes from the start and from each other: a rule that compares with the half
hour before must find an ordinary half hour. The last 25 minutes hold no attack, so that each can come to its end.
"""

import math
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from simulator.options import Options
from simulator.record import Fault

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
QUIET_END_MS = 25 * MINUTE_MS
BEFORE_CROWD_MS = 45 * MINUTE_MS
BEFORE_SINGLE_MS = 10 * MINUTE_MS
SURGE_MS = 5 * MINUTE_MS
SALE_ARRIVALS_MS = 20 * MINUTE_MS
SALE_MS = 30 * MINUTE_MS
FLASH_SALE_MS = 25 * MINUTE_MS
# So often another time is looked for, before two loud attacks are left to fall together.
TRIES = 50


@dataclass(frozen=True)
class Span:
    """A stretch of time, in milliseconds since 1970."""

    start_ms: int
    end_ms: int

    def overlaps(self, other: "Span") -> bool:
        """Return whether the two have time in common."""
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """When the crowds come. The sale and the flash sales end with what the last to arrive still do."""

    surges: tuple[Span, ...]
    flash_sales: tuple[Span, ...]
    sale_ms: int | None


@dataclass(frozen=True, kw_only=True)
class When:
    """How long something takes, at least and at most, and between which full hours of the day (UTC), None for any."""

    minutes: tuple[int, int]
    hours: tuple[int, int] | None = None


def crowds(rng: random.Random, options: Options) -> Timetable:
    """Return when the crowds come; raises Fault where the time is too short for all of them."""
    slots = [("surge", SURGE_MS)] * options.attacks.get("site_surge", 0) + [("sale", SALE_MS)] * options.sale
    slots += [("flash sale", FLASH_SALE_MS)] * options.look_alikes.get("flash_sale_crowd", 0)
    rng.shuffle(slots)
    needed = sum(BEFORE_CROWD_MS + length for _, length in slots)
    slack = options.end_ms - options.start_ms - QUIET_END_MS - needed
    if slots and slack < 0:
        raise Fault(
            f"--hours {options.hours:g} is too short for {len(slots)} crowds (site surges and sales), 45 minutes "
            f"apart: ask for fewer, --no-sale, or --hours {_hours_for(needed + QUIET_END_MS)}"
        )
    offsets = sorted(rng.randint(0, slack) for _ in slots)
    spans: dict[str, list[Span]] = {"surge": [], "flash sale": [], "sale": []}
    clock = options.start_ms
    for (kind, length), offset in zip(slots, offsets, strict=True):
        clock += BEFORE_CROWD_MS
        spans[kind].append(Span(clock + offset, clock + offset + length))
        clock += length
    sale_ms = next((span.start_ms for span in spans["sale"]), None)
    return Timetable(surges=tuple(spans["surge"]), flash_sales=tuple(spans["flash sale"]), sale_ms=sale_ms)


def find(rng: random.Random, options: Options, name: str, when: When, *, avoid: Collection[Span] = ()) -> Span:
    """Return when and for how long something takes place, not at the time of others if it can be helped.

    Raises Fault where there is no such time.
    """
    least_ms, most_ms = (minutes * MINUTE_MS for minutes in when.minutes)
    windows = [window for window in _windows(options, when) if window.end_ms - window.start_ms >= least_ms]
    if not windows:
        raise Fault(_no_time(options, name, when))
    for _ in range(TRIES):
        window = rng.choice(windows)
        length = min(rng.randint(least_ms, most_ms), window.end_ms - window.start_ms)
        start = rng.randint(window.start_ms, window.end_ms - length)
        found = Span(start, start + length)
        if not any(found.overlaps(other) for other in avoid):
            break
    return found


def _windows(options: Options, when: When) -> Iterator[Span]:
    earliest, latest = options.start_ms + BEFORE_SINGLE_MS, options.end_ms - QUIET_END_MS
    if when.hours is None:
        yield Span(earliest, latest)
        return
    opens, closes = (hour * HOUR_MS for hour in when.hours)
    for midnight in range(options.start_ms // DAY_MS * DAY_MS, options.end_ms, DAY_MS):
        yield Span(max(earliest, midnight + opens), min(latest, midnight + closes))


def _no_time(options: Options, name: str, when: When) -> str:
    least = when.minutes[0]
    if when.hours is not None:
        opens, closes = when.hours
        return (
            f"--hours {options.hours:g} from {options.start:%H:%M} hold no {least} minutes between {opens:02d}:00 and "
            f"{closes:02d}:00 for {name}: choose another --start, or --hours 24"
        )
    needed = BEFORE_SINGLE_MS + least * MINUTE_MS + QUIET_END_MS
    return (
        f"--hours {options.hours:g} is too short for {name}, which takes {least} minutes or more: leave it out, or ask "
        f"for --hours {_hours_for(needed)}"
    )


def _hours_for(needed_ms: int) -> float:
    return math.ceil(needed_ms / (6 * MINUTE_MS)) / 10
