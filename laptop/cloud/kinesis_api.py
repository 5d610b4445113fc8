"""Makes moto's shards quick and safe, and lets them split and merge.

moto walks over all records of a shard for each write and each read. Sequence numbers of its shards are consecutive, so
both can go straight to their place. A read is bounded as AWS bounds it, and two writers at once no longer get the same
number.

A shard that is split or merged keeps what it holds and takes no more; who has read all of it is given no further
iterator. moto would move the records to the new shards, number them anew, and still write to the old one.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

from moto.kinesis.models import KinesisBackend, Record, Shard, Stream
from moto.kinesis.utils import decompose_shard_iterator

# What GetRecords returns at most: records, and bytes.
MAX_RECORDS = 10_000
MAX_BYTES = 10 * 1024 * 1024

_writing = threading.RLock()
_split, _merge, _find, _write = Stream.split_shard, Stream.merge_shards, Stream.get_shard_for_key, Stream.put_record
_read = KinesisBackend.get_records


def install() -> None:
    """Replace the slow parts of moto's shard, and those that shards change by."""
    Shard.get_min_sequence_number = _first
    Shard.get_max_sequence_number = _last
    Shard.put_record = _put
    Shard.get_records = _get
    Stream.get_shard_for_key = _open_shard
    Stream.put_record = _put_into_open
    Stream.split_shard = _split_in_place
    Stream.merge_shards = _merge_in_place
    KinesisBackend.get_records = _read_to_the_end


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


def _open_shard(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
    """Return the shard that takes records with this key now: moto finds the oldest that ever did."""
    open_ones = {name: shard for name, shard in self.shards.items() if shard.is_open}
    return _find(SimpleNamespace(shards=open_ones), partition_key, explicit_hash_key)


def _put_into_open(self: Any, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
    with _writing:
        number, shard = _write(self, partition_key, explicit_hash_key, data)
    return number, shard


def _split_in_place(self: Any, shard_to_split: str, new_starting_hash_key: str) -> None:
    with _writing, _left_as_they_are(self, shard_to_split):
        _split(self, shard_to_split, new_starting_hash_key)


def _merge_in_place(self: Any, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
    with _writing, _left_as_they_are(self, shard_to_merge, adjacent_shard_to_merge):
        _merge(self, shard_to_merge, adjacent_shard_to_merge)


@contextmanager
def _left_as_they_are(stream: Any, *names: str) -> Iterator[None]:
    """Keep the records of these shards where they are."""
    kept = {name: stream.shards[name].records for name in names}
    for name in names:
        stream.shards[name].records = OrderedDict()
    try:
        yield
    finally:
        for name, records in kept.items():
            stream.shards[name].records = records


def _read_to_the_end(
    self: Any, stream_arn: str | None, shard_iterator: str, limit: int | None
) -> tuple[str | None, list[Any], int]:
    """Return what moto does, but no further iterator where a closed shard has been read to its end."""
    stream_name, shard_id, _ = decompose_shard_iterator(shard_iterator)
    with _writing:
        following, records, behind = _read(self, stream_arn, shard_iterator, limit)
        shard = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).get_shard(shard_id)
        _, _, reached = decompose_shard_iterator(following)
        ended = not shard.is_open and int(reached) >= _last(shard)
    return None if ended else following, records, behind
