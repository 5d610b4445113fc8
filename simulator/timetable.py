"""When the sale and the attacks take place, so that each can be told from what is usual by then.

Crowds (surges and the sale) keep 45 minutes from the start and from each other: a rule that compares with the half
hour before must find an ordinary half hour. The last 25 minutes hold no attack, so that each can come to its end.
"""

import math
import random
from dataclasses import dataclass

from simulator.options import Options
from simulator.record import Fault

MINUTE_MS = 60_000
QUIET_END_MS = 25 * MINUTE_MS
BEFORE_CROWD_MS = 45 * MINUTE_MS
BEFORE_SINGLE_MS = 10 * MINUTE_MS
SURGE_MS = 5 * MINUTE_MS
SALE_ARRIVALS_MS = 20 * MINUTE_MS
SALE_MS = 30 * MINUTE_MS


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """The starts of the site surges and of the sale, in milliseconds since 1970."""

    surges_ms: tuple[int, ...]
    sale_ms: int | None


def crowds(rng: random.Random, options: Options) -> Timetable:
    """Return when the crowds come; raises Fault where the time is too short for all of them."""
    slots = [SURGE_MS] * options.attacks.get("site_surge", 0) + [SALE_MS] * options.sale
    rng.shuffle(slots)
    needed = sum(BEFORE_CROWD_MS + slot for slot in slots)
    slack = options.end_ms - options.start_ms - QUIET_END_MS - needed
    if slots and slack < 0:
        tenths = math.ceil((needed + QUIET_END_MS) / (6 * MINUTE_MS))
        raise Fault(
            f"--hours {options.hours:g} is too short for {len(slots)} crowds (site surges and the sale), 45 minutes "
            f"apart: ask for fewer, --no-sale, or --hours {tenths / 10}"
        )
    offsets = sorted(rng.randint(0, slack) for _ in slots)
    starts: list[tuple[int, int]] = []
    clock = options.start_ms
    for slot, offset in zip(slots, offsets, strict=True):
        clock += BEFORE_CROWD_MS
        starts.append((slot, clock + offset))
        clock += slot
    surges = tuple(start for slot, start in starts if slot == SURGE_MS)
    sale = next((start for slot, start in starts if slot == SALE_MS), None)
    return Timetable(surges_ms=surges, sale_ms=sale)


def single(rng: random.Random, options: Options, duration_ms: int) -> int:
    """Return when an attack of one user begins; raises Fault where the time is too short for it."""
    earliest = options.start_ms + BEFORE_SINGLE_MS
    latest = options.end_ms - QUIET_END_MS - duration_ms
    if latest < earliest:
        raise Fault(
            f"--hours {options.hours:g} is too short for an attack: ask for at least --hours 1, or for none with "
            "--attacks none"
        )
    return rng.randint(earliest, latest)
