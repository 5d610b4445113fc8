"""Makes moto's shards quick and safe: it walks over all records of a shard for each write and each read.

Sequence numbers of a moto shard are consecutive, so both can go straight to their place. A read is bounded as AWS
bounds it, and two writers at once no longer get the same number.
"""

import threading
from itertools import takewhile
from typing import Any

from moto.kinesis.models import Record, Shard

# What GetRecords returns at most: records, and bytes.
MAX_RECORDS = 10_000
MAX_BYTES = 10 * 1024 * 1024

_writing = threading.Lock()


def install() -> None:
    """Replace the slow parts of moto's shard."""
    Shard.get_min_sequence_number = _first
    Shard.get_max_sequence_number = _last
    Shard.put_record = _put
    Shard.get_records = _get


def _first(self: Any) -> int:
    return next(iter(self.records), 0)


def _last(self: Any) -> int:
    return next(reversed(self.records), 0)


def _put(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
    with _writing:
        number = _last(self) + 1
        self.records[number] = Record(partition_key, data, number, explicit_hash_key)
    return str(number)


def _get(self: Any, last_sequence_id: str, limit: int | None) -> tuple[list[Any], int, int]:
    """Return the records after that number, the number of the last one, and how far behind they are, milliseconds."""
    begin = max(int(last_sequence_id) + 1, _first(self))
    end = min(begin + min(limit or MAX_RECORDS, MAX_RECORDS), _last(self) + 1)
    sizes = _Sizes()
    results = list(takewhile(sizes.fit, (self.records[number] for number in range(begin, end))))
    if not results:
        return [], int(last_sequence_id), 0
    newest = self.records[_last(self)]
    behind = newest.created_at - results[-1].created_at
    return results, results[-1].sequence_number, int(behind * 1000)


class _Sizes:
    """Adds up what an answer holds; the first record always fits."""

    def __init__(self) -> None:
        self._bytes = 0

    def fit(self, record: Any) -> bool:
        """Return whether the record still fits."""
        size = len(record.data) * 3 // 4
        fits = self._bytes == 0 or self._bytes + size <= MAX_BYTES
        self._bytes += size
        return fits
