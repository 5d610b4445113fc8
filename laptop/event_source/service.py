"""Event source mappings: polls every shard of every mapped Kinesis stream that the Lambda API lists."""

import threading
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from laptop.checkpoints import Checkpoint
from laptop.event_source.batches import Batches, Mapping, mapping
from laptop.network import client
from laptop.shards import Record, ShardCursor, Threads, shard_ids

_PAUSE_SECONDS = 0.25
_LONGEST_INVOCATION_SECONDS = 930
# Lambda sends a batch when its payload would pass 6 MB; base64 adds a third.
_BATCH_BYTES = 4 * 1024**2


class EventSources:
    """Keeps one thread a shard, so that a blocked shard holds up no other."""

    def __init__(self, *, endpoint_url: str, state: Path) -> None:
        self._endpoint_url = endpoint_url
        self._state = state
        self._lambda = client("lambda", endpoint_url)
        self._kinesis = client("kinesis", endpoint_url)
        self._threads = Threads(self._poll)

    def look(self) -> None:
        """Compare what runs with what the API lists."""
        listed = self._lambda.list_event_source_mappings()["EventSourceMappings"]
        wanted: set[tuple[Mapping, str]] = set()
        for described in listed:
            if described["State"] == "Enabled" and ":kinesis:" in described["EventSourceArn"]:
                found = mapping(described)
                wanted |= {(found, shard) for shard in shard_ids(self._kinesis, found.stream)}
        self._threads.match(wanted)

    def _poll(self, key: tuple[Mapping, str], end: threading.Event) -> None:
        found, shard = key
        checkpoint = Checkpoint(self._state / found.uuid / f"{shard}.json")
        # An invocation is never repeated by the client: whether and how it is repeated is the mapping's to say.
        lambda_ = client("lambda", self._endpoint_url, answer_seconds=_LONGEST_INVOCATION_SECONDS, attempts=1)
        configuration = lambda_.get_function_configuration(FunctionName=found.function_arn)
        batches = Batches(
            found,
            lambda_=lambda_,
            sqs=client("sqs", self._endpoint_url),
            role_arn=configuration["Role"],
            end=end,
        )
        poller = _Poller(
            found, shard, kinesis=client("kinesis", self._endpoint_url), after=checkpoint.load().get("done")
        )
        while not end.is_set() and not poller.ended:
            try:
                batch = poller.batch(end)
                if batch:
                    batches.work_off(batch, lambda sequence: checkpoint.keep(done=sequence))
            except (ClientError, BotoCoreError):
                end.wait(1)  # the stream or the function is gone or refuses: the records wait
                poller.back_to(checkpoint.load().get("done"))

    def stop(self) -> None:
        """End all pollers; a batch under way is invoked again by the next run."""
        self._threads.stop(seconds=3)


class _Poller:
    """Collects batches of one shard: full, or as old as the batching window allows."""

    def __init__(self, found: Mapping, shard: str, *, kinesis: Any, after: str | None) -> None:
        self._mapping = found
        self._shard = shard
        self._kinesis = kinesis
        self.back_to(after)

    def back_to(self, after: str | None) -> None:
        """Read on from behind a record, or from where the mapping starts."""
        self._cursor = ShardCursor(
            self._kinesis, stream=self._mapping.stream, shard=self._shard, after=after, start=self._mapping.start
        )

    @property
    def ended(self) -> bool:
        """Return: the shard is closed and read to its end."""
        return self._cursor.ended

    def batch(self, end: threading.Event) -> list[Record]:
        """Wait for the next batch; empty when told to end, or when a closed shard has no more."""
        collected: list[Record] = []
        since = time.monotonic()
        while not end.is_set() and not self._cursor.ended:
            records = self._cursor.read(self._mapping.batch_size - len(collected))
            if not collected:
                since = time.monotonic()
            collected += records
            size = sum(len(record.data) for record in collected)
            full = len(collected) >= self._mapping.batch_size or size >= _BATCH_BYTES
            if full or (collected and time.monotonic() - since >= self._mapping.window_seconds):
                break
            if not records:
                end.wait(_PAUSE_SECONDS)
        return [] if end.is_set() else collected
