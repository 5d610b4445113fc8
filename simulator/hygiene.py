"""What real streams do to clean events: some come late, some come twice, and some records are no events at all."""

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from commerce.rejects import MAX_LINE_CHARACTERS
from simulator.options import Options
from simulator.record import Record
from simulator.truth import Ledger
from simulator.visit import Act

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE_BY_MS = (10 * 60_000, 30 * 60_000)
RESENT_WITHIN_MS = 2_000


def _replaced(pattern: str, replacement: str) -> Callable[[bytes], bytes]:
    compiled = re.compile(pattern.encode())
    return lambda line: compiled.sub(replacement.encode(), line, count=1)


# A year that has a 29th of February too: else an event of that day would be spoilt in another way.
FAR_YEAR = "2096"
# What spoils an event, by the reason for which it must then be rejected.
POISON: dict[str, Callable[[bytes], bytes]] = {
    "not_utf8": lambda line: line.replace(b'"user_agent":"', b'"user_agent":"\xff\xfe', 1),
    "not_a_json_object": lambda line: line[: len(line) * 2 // 3],
    "too_long": lambda line: line[:-1] + b',"note":"' + b"x" * MAX_LINE_CHARACTERS + b'"}',
    "missing_user_id": _replaced('"user_id":"[0-9]*",', ""),
    "missing_event_time": _replaced('"event_time":"[^"]*",', ""),
    "invalid_event_type": _replaced('"event_type":"[a-z_]*"', '"event_type":"click"'),
    "invalid_price": _replaced('"price":"[0-9.]*"', '"price":"12,50 EUR"'),
    "event_time_in_future": _replaced('"event_time":"....', f'"event_time":"{FAR_YEAR}'),
}


def unclean(acts: Iterable[Act], *, rng: random.Random, options: Options, ledger: Ledger) -> Iterator[Record]:
    """Yield the records in the order in which they arrive, and count in the ledger what they are."""
    kinds = tuple(POISON)
    held: list[tuple[int, int, Record]] = []
    duplicates_below = options.late + options.duplicates
    poison_below = duplicates_below + options.poison
    for act in acts:
        while held and held[0][0] <= act.at_ms:
            yield heappop(held)[2]
        record = Record(data=act.line, partition_key=act.user_id, event_time=EPOCH + timedelta(milliseconds=act.at_ms))
        ledger.events += 1
        fate = rng.random()
        if fate < options.late and (arrival := act.at_ms + rng.randint(*LATE_BY_MS)) < options.end_ms:
            ledger.late += 1
            heappush(held, (arrival, ledger.events, record))
            continue
        yield record
        if options.late <= fate < duplicates_below:
            ledger.duplicates += 1
            heappush(held, (act.at_ms + rng.randint(1, RESENT_WITHIN_MS), ledger.events, record))
        elif duplicates_below <= fate < poison_below:
            reason = kinds[ledger.poison.total() % len(kinds)]
            ledger.poison[reason] += 1
            yield _spoilt(act.line, reason)
    while held:
        yield heappop(held)[2]


def _spoilt(line: bytes, reason: str) -> Record:
    data = POISON[reason](line)
    return Record(data=data, partition_key=hashlib.blake2b(data, digest_size=8).hexdigest(), event_time=None)
