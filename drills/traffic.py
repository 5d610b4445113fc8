"""The traffic of one schedule: people, attacks, and beacons, with whatever untidiness the schedule asks for.

A beacon is a small attack of one user, the cheapest that a rule finds. They come so close together that at any moment
an incident tells how far the pipeline has got.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from simulator.generate import records
from simulator.options import Options
from simulator.record import Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_STRETCH = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
# Each schedule has a stretch of simulated time for itself, and before the next everything is over that has a short gap.
HOURS = 0.9
STRETCH = timedelta(hours=3)
# An event an hour ahead must leave the next stretch alone.
CLOCK_OFF = timedelta(hours=1)
PEOPLES_EVENTS = 400
# Those that fit into a stretch.
FAMILIES = ("request_flood", "session_flood", "address_flood", "catalogue_scraping", "card_testing")
BEACON_EVERY = timedelta(seconds=60)
# What the rule about card testing asks for, and one more, since a record may be made poison.
BEACON_EVENTS = 11
# So few that they are no attack, unless one that is sent twice counts twice.
STUTTERED_EVENTS = 6
# How far a record may be moved: together with what a refused part of a batch does, less than event time forgives.
FARTHEST = timedelta(seconds=4)
# A shard that wakes is read up to half a second after one that went on. In that time some two minutes of this traffic
# pass, and what lies behind them is late: so long only lone views wake it, so many that each shard of it gets one.
WAKING = timedelta(minutes=4)
WAKERS = 12
FIRST_BEACON_ID = 800_000_000
LONGEST_RECORD = 1024 * 1024 - 64


class Untidy:
    """Names of what a schedule can do to its traffic."""

    POISON = "poison"
    DUPLICATES = "duplicates"
    REORDERED = "reordered"
    REPLAYED = "replayed_stretch"
    LATE = "late_events"
    CLOCK_AHEAD = "clock_an_hour_ahead"
    CLOCK_BEHIND = "clock_an_hour_behind"
    FAR_FUTURE = "timestamp_in_2099"
    HOT_KEY = "half_of_the_traffic_on_one_key"
    IDLE = "idle_shard"
    FIELD_NEW = "field_new"
    FIELD_MISSING = "field_missing"
    FIELD_RENAMED = "field_renamed"


UNTIDY: tuple[str, ...] = tuple(value for name, value in vars(Untidy).items() if name.isupper())


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What one schedule sends, in order; `opens` and `closes` bound its simulated time.

    Of the records in the places `quiet`, none is of one half of all keys: shards that take these are idle meanwhile.
    """

    records: tuple[Record, ...]
    opens: datetime
    closes: datetime
    quiet: range = range(0)


def traffic(seed: int, number: int, *, family: str, untidy: Sequence[str]) -> Traffic:
    """Return the traffic of one schedule, with an attack of the family; the same arguments give the same bytes."""
    rng = random.Random(f"{seed}/{number}/traffic")
    opens = FIRST_STRETCH + number * STRETCH
    options = Options(
        seed=seed * 100_003 + number,
        start=opens,
        hours=HOURS,
        events=PEOPLES_EVENTS,
        attacks={family: 1},
        sale=False,
        late=0.05 if Untidy.LATE in untidy else 0,
        duplicates=0.1 if Untidy.DUPLICATES in untidy else 0,
        poison=0,
    )
    closes = opens + timedelta(hours=HOURS)
    made = _merged(records(options), beacons(number, opens=opens, closes=closes))
    for name in UNTIDY:
        if name in untidy and name in _CHANGES:
            made = _CHANGES[name](made, rng)
    made, quiet = _half_quiet(made) if Untidy.IDLE in untidy else (made, range(0))
    return Traffic(records=(*made, *_last(number, closes=closes)), opens=opens, closes=closes, quiet=quiet)


def beacons(number: int, *, opens: datetime, closes: datetime) -> Iterator[Record]:
    """Give the events of the beacons of a stretch."""
    at, which = opens, 0
    while at < closes:
        yield from _beacon(f"{FIRST_BEACON_ID + number * 1_000 + which}", at)
        at, which = at + BEACON_EVERY, which + 1


def _beacon(user_id: str, at: datetime, *, events: int = BEACON_EVENTS) -> Iterator[Record]:
    for act in range(events):
        moment = at + timedelta(milliseconds=100 * act)
        name = f"beacon-{user_id}-{round(at.timestamp())}-{act}"
        yield _event(user_id, moment, name=name, event_type="purchase", price="1.00")


def _last(number: int, *, closes: datetime) -> list[Record]:
    """Return what moves event time past everything: lone views, the last as late as a clock ahead may be."""
    user_id = f"{FIRST_BEACON_ID + number * 1_000 + 999}"
    moments = [closes + timedelta(seconds=25), closes + timedelta(minutes=15), closes + CLOCK_OFF]
    return [_event(user_id, at, name=f"last-{user_id}-{place}") for place, at in enumerate(moments)]


def _event(user_id: str, at: datetime, *, name: str, event_type: str = "view", price: str = "9.99") -> Record:
    document = {
        "event_id": name,
        "event_time": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "event_type": event_type,
        "product_id": "1004856",
        "price": price,
        "user_id": user_id,
        "user_session": f"session-{user_id}",
    }
    return Record(data=json.dumps(document).encode(), partition_key=user_id, event_time=at)


def _merged(*sources: Iterable[Record]) -> list[Record]:
    """Return all records in the order of their arrival; each source is in order, and a late one keeps its place."""
    keyed: list[tuple[datetime, int, Record]] = []
    for source in sources:
        newest = EPOCH
        for record in source:
            newest = max(newest, record.event_time or newest)
            keyed.append((newest, len(keyed), record))
    return [record for _, _, record in sorted(keyed, key=lambda entry: entry[:2])]


def _poisoned(made: list[Record], rng: random.Random) -> list[Record]:
    share = rng.choice((0.001, 0.01, 0.05))
    kinds = list(POISON.values())
    rng.shuffle(kinds)
    out: list[Record] = []
    for record in made:
        out.append(record)
        if rng.random() < share or len(out) == len(made) // 2:
            data = kinds[len(out) % len(kinds)](record.data)
            out.append(replace(record, data=data[:LONGEST_RECORD], event_time=None))
    return out


def _stuttered(made: list[Record], rng: random.Random) -> list[Record]:
    """Return the records with somebody among them all of whose few events are sent twice: nobody to be told of."""
    place = rng.randrange(len(made) // 4, len(made) // 2)
    at = next(record.event_time for record in made[place:] if record.event_time is not None)
    user_id = f"{FIRST_BEACON_ID - 2_001 - rng.randrange(1_000)}"
    twice = [record for record in _beacon(user_id, at, events=STUTTERED_EVENTS) for _ in range(2)]
    return [*made[:place], *twice, *made[place:]]


def _reordered(made: list[Record], rng: random.Random) -> list[Record]:
    """Return the records with neighbours exchanged, none further than event time forgives."""
    keyed = []
    newest = EPOCH
    for record in made:
        newest = max(newest, record.event_time or newest)
        keyed.append((newest + FARTHEST * rng.random(), record))
    return [record for _, record in sorted(keyed, key=lambda entry: entry[0])]


def _replayed(made: list[Record], rng: random.Random) -> list[Record]:
    """Return the records with a stretch of them sent again later on."""
    begin = rng.randrange(len(made) // 3)
    length = len(made) // 6
    resume = begin + length + rng.randrange(len(made) // 3)
    return made[:resume] + made[begin : begin + length] + made[resume:]


def _clock_ahead(made: list[Record], rng: random.Random) -> list[Record]:
    """Return the records with one behind them that is an hour ahead, and then an attack of the same user.

    It comes late and leads to nothing: what is late is told shard by shard, and a key has one shard, however many there
    are.
    """
    user_id = f"{FIRST_BEACON_ID - 1_001 - rng.randrange(1_000)}"
    at = max(record.event_time for record in made if record.event_time is not None)
    ahead = _event(user_id, at + CLOCK_OFF, name=f"ahead-{user_id}-{round(at.timestamp())}")
    return [*made, ahead, *_beacon(user_id, at)]


def _clock_behind(made: list[Record], rng: random.Random) -> list[Record]:
    return [_moved(record, -CLOCK_OFF) if rng.random() < 0.03 else record for record in made]


def _moved(record: Record, by: timedelta) -> Record:
    if record.event_time is None:
        return record
    document = json.loads(record.data)
    at = record.event_time + by
    document["event_time"] = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return replace(record, data=json.dumps(document).encode(), event_time=at)


def _far_future(made: list[Record], rng: random.Random) -> list[Record]:
    return _some(made, rng, lambda event: {**event, "event_time": "2099-01-01T00:00:00.000Z"}, share=0.01)


def _hot_key(made: list[Record], rng: random.Random) -> list[Record]:
    """Return the records with half of all traffic on one partition key, by one user who only looks."""
    user_id = f"{FIRST_BEACON_ID - 1 - rng.randrange(1_000)}"
    out: list[Record] = []
    for record in made:
        out.append(record)
        if record.event_time is not None:
            name = f"hot-{user_id}-{len(out)}-{round(record.event_time.timestamp())}"
            out.append(_event(user_id, record.event_time, name=name))
    return out


def _half_quiet(made: list[Record]) -> tuple[list[Record], range]:
    """Return the records without those of one half of the keys in the middle, and the places of what is left there.

    It is the half with fewer of them, since the other has to go on. Behind it, lone views wake that half.
    """
    begin, end = len(made) // 3, 2 * len(made) // 3
    halves = Counter(half_of(record.partition_key) for record in made[begin:end])
    going_on = halves.most_common(1)[0][0]
    left = [record for record in made[begin:end] if half_of(record.partition_key) == going_on]
    wakes_at = newest = max(record.event_time or EPOCH for record in made[:end])
    back = []
    for record in made[end:]:
        newest = max(newest, record.event_time or EPOCH)
        if newest > wakes_at + WAKING or half_of(record.partition_key) == going_on:
            back.append(record)
    return [*made[:begin], *left, *_wakers(wakes_at, half=1 - going_on), *back], range(begin, begin + len(left))


def _wakers(at: datetime, *, half: int) -> Iterator[Record]:
    ids = (str(FIRST_BEACON_ID - 3_001 - which) for which in count())
    for user_id in islice((user_id for user_id in ids if half_of(user_id) == half), WAKERS):
        yield _event(user_id, at, name=f"waking-{user_id}-{round(at.timestamp())}")


def half_of(partition_key: str) -> int:
    """Return in which half of all keys it is, 0 or 1, as Kinesis puts them on shards."""
    return hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()[0] >> 7


def _with_new_field(made: list[Record], rng: random.Random) -> list[Record]:
    return _some(made, rng, lambda event: {**event, "campaign": "spring", "basket": {"items": [1, 2]}}, share=0.2)


def _without_field(made: list[Record], rng: random.Random) -> list[Record]:
    gone = rng.choice(("user_session", "user_id", "event_id", "price", "ip_address"))
    return _some(made, rng, lambda event: {name: text for name, text in event.items() if name != gone}, share=0.03)


def _with_renamed_field(made: list[Record], rng: random.Random) -> list[Record]:
    def renamed(event: Mapping[str, object]) -> Mapping[str, object]:
        return {("userId" if name == "user_id" else name): text for name, text in event.items()}

    return _some(made, rng, renamed, share=0.03)


def _some(
    made: list[Record],
    rng: random.Random,
    change: Callable[[Mapping[str, object]], Mapping[str, object]],
    *,
    share: float,
) -> list[Record]:
    out: list[Record] = []
    for record in made:
        if record.event_time is None or rng.random() >= share:
            out.append(record)
            continue
        out.append(replace(record, data=json.dumps(change(json.loads(record.data))).encode()))
    return out


def _field(name: str, value: object) -> Callable[[bytes], bytes]:
    def change(line: bytes) -> bytes:
        return json.dumps({**json.loads(line), name: value}).encode()

    return change


POISON: Mapping[str, Callable[[bytes], bytes]] = {
    "bad UTF-8": lambda line: line[:-1] + b',"note":"\xff\xfe"}',
    "cut JSON": lambda line: line[: len(line) // 2],
    "not JSON": lambda _: b"GET / HTTP/1.1",
    "empty object": lambda _: b"{}",
    "a list": lambda line: b"[" + line + b"]",
    "a number for a text": _field("user_id", 17),
    "an object for a text": _field("event_type", {"is": "view"}),
    "NaN": lambda line: line[:-1] + b',"price":NaN}',
    "null": _field("user_id", None),
    "deep nesting": lambda line: line[:-1] + b',"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "1 MiB": lambda line: line[:-1] + b',"note":"' + b"x" * LONGEST_RECORD,
    "a byte order mark": lambda line: b"\xef\xbb\xbf" + line,
}
_CHANGES: Mapping[str, Callable[[list[Record], random.Random], list[Record]]] = {
    Untidy.DUPLICATES: _stuttered,
    Untidy.FIELD_NEW: _with_new_field,
    Untidy.FIELD_MISSING: _without_field,
    Untidy.FIELD_RENAMED: _with_renamed_field,
    Untidy.FAR_FUTURE: _far_future,
    Untidy.CLOCK_BEHIND: _clock_behind,
    Untidy.HOT_KEY: _hot_key,
    Untidy.POISON: _poisoned,
    Untidy.REORDERED: _reordered,
    Untidy.CLOCK_AHEAD: _clock_ahead,
    Untidy.REPLAYED: _replayed,
}
