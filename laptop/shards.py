"""Reads a Kinesis stream shard by shard, as Firehose and Lambda do, from a checkpoint onward."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

_PATIENCE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record of a shard."""

    shard: str
    sequence: str
    partition_key: str
    data: bytes
    arrived_at: datetime


class ShardCursor:
    """A place in one shard. After an error it asks anew from the last record it gave out."""

    def __init__(
        self, kinesis: Any, *, stream: str, shard: str, after: str | None, start: str = "TRIM_HORIZON"
    ) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._shard = shard
        self._after = after
        self._start = start
        self._iterator: str | None = None
        self.ended = False

    def read(self, limit: int) -> list[Record]:
        """Return the next records, at most `limit`, possibly none."""
        try:
            if self._iterator is None:
                self._iterator = self._begin()
            answer = self._kinesis.get_records(ShardIterator=self._iterator, Limit=limit)
        except ClientError:
            self._iterator = None
            raise
        records = [self._record(item) for item in answer["Records"]]
        if records:
            self._after = records[-1].sequence
        self._iterator = answer.get("NextShardIterator")
        self.ended = self._iterator is None
        return records

    def _begin(self) -> str:
        place = {"ShardIteratorType": self._start}
        if self._after is not None:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": self._after}
        answer = self._kinesis.get_shard_iterator(StreamName=self._stream, ShardId=self._shard, **place)
        return str(answer["ShardIterator"])

    def _record(self, item: dict[str, Any]) -> Record:
        return Record(
            shard=self._shard,
            sequence=item["SequenceNumber"],
            partition_key=item["PartitionKey"],
            data=item["Data"],
            arrived_at=item["ApproximateArrivalTimestamp"],
        )


def shard_ids(kinesis: Any, stream: str) -> list[str]:
    """Return the ids of all shards, closed ones too: they may still hold records."""
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    return [shard["ShardId"] for page in pages for shard in page["Shards"]]


class Threads:
    """One thread for each key that is wanted now; a key that is no longer wanted has its thread told to end."""

    def __init__(self, run: Callable[[Any, threading.Event], None]) -> None:
        self._run = run
        self._running: dict[Any, tuple[threading.Thread, threading.Event]] = {}
        self._finished: set[Any] = set()

    def match(self, wanted: set[Any]) -> None:
        """Start what is missing, also what broke off; end what is too many, before anything takes its place."""
        surplus = [self._running.pop(key) for key in set(self._running) - wanted]
        for _, end in surplus:
            end.set()
        for thread, _ in surplus:
            thread.join(_PATIENCE_SECONDS)
        for key in wanted - self._finished:
            if key not in self._running or not self._running[key][0].is_alive():
                self._start(key)

    def _start(self, key: Any) -> None:
        end = threading.Event()

        def run() -> None:
            self._run(key, end)
            if not end.is_set():
                self._finished.add(key)  # a closed shard, read to its end

        thread = threading.Thread(target=run, daemon=True, name=str(key))
        self._running[key] = (thread, end)
        thread.start()

    def stop(self, *, seconds: float) -> None:
        """End all and wait for each at most so long."""
        for _, end in self._running.values():
            end.set()
        for thread, _ in self._running.values():
            thread.join(seconds)
        self._running.clear()
