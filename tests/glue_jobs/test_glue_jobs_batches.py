"""How much is taken at a time is bounded by what it is in memory, however small it was made for the way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from lake_rig import embedded, new_bucket, put

from commerce.arrival import Hours
from glue_jobs.ledger import LakeLedger
from glue_jobs.raw import BYTES_A_LINE, TIMES_UNPACKED, RawBucket, RawObject, batches, together

MEGABYTE = 1_000_000
ROOM = MEGABYTE * TIMES_UNPACKED


def raw(name: str) -> RawObject:
    return RawObject(key=name, bytes_compressed=1, arrived_at=datetime(2019, 10, 1, tzinfo=UTC))


@dataclass
class Bucket:
    """Counts what is read of it."""

    contents: tuple[bytes, ...]
    read: list[str] = field(default_factory=list)

    def reading(self) -> Iterator[tuple[RawObject, bytes]]:
        for number, content in enumerate(self.contents):
            self.read.append(str(number))
            yield raw(str(number)), content


@pytest.mark.parametrize(
    ("contents", "taken"),
    [
        ((b"x" * (ROOM // 2), b"x" * (ROOM // 2), b"x"), 2),
        ((b"x" * ROOM * 2, b"x"), 1),
        ((b"\n" * (ROOM // BYTES_A_LINE), b"x"), 1),
        ((b"", b"", b"x"), 3),
    ],
    ids=["until it is full", "one that is too large alone", "a line is more than its bytes", "all there is"],
)
def test_objects_go_together_as_long_as_they_fit_unpacked(contents: tuple[bytes, ...], taken: int) -> None:
    """And no more of them are read than it takes to see that the next does not fit."""
    bucket = Bucket(contents)
    assert len(list(together(bucket.reading(), megabytes=1))) == taken
    assert len(bucket.read) == min(taken + 1, len(contents))


def test_one_event_sent_over_and_over_is_taken_a_part_at_a_time(s3: str, tmp_path) -> None:
    """It shrinks to next to nothing on its way, and all of it at once would be any amount; the account is right."""
    event = {"event_id": "e", "event_time": "2019-10-01T12:00:00.000Z", "event_type": "view", "product_id": "1"}
    line = json.dumps({**event, "price": "1.00", "user_id": "u", "note": "again " * 500}).encode() + b"\n"
    content = line * (ROOM * 2 // 3 // len(line))
    bucket, steps = new_bucket(), []
    for hour in range(3):
        put(bucket, f"raw/events/2019/10/01/0{hour}/a.gz", content)
    lake = embedded(bucket, tmp_path, batch_megabytes=1)
    assert sum(found.bytes_compressed for found in RawBucket(name=bucket).objects("raw/")) < MEGABYTE
    taken = lake.curate(steps.append)
    records = 3 * content.count(b"\n")
    assert {name: taken[name] for name in ("objects", "records", "events", "rejects", "duplicates")} == {
        "objects": 3, "records": records, "events": 1, "rejects": 0, "duplicates": records - 1,
    }  # fmt: skip
    assert steps.count("events: runs") == 3
    ledger = LakeLedger(engine=lake.engine, raw=RawBucket(name=bucket), settings=lake.settings)
    assert ledger.account(Hours()).differences == ()


def test_a_batch_is_as_long_to_make_as_it_has_objects() -> None:
    """A year of objects to take anew must not wait for minutes before the first is read."""
    asked = 0

    class Counted(int):
        """A size that counts how often it is added."""

        def __radd__(self, other: int) -> int:
            nonlocal asked
            asked += 1
            return int(other) + int(self)

    objects = [RawObject(key=str(n), bytes_compressed=Counted(1), arrived_at=raw("").arrived_at) for n in range(500)]
    assert [len(batch) for batch in batches(objects, megabytes=1)] == [500]
    assert asked <= 2 * len(objects)
