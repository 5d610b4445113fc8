"""Sends a schedule's traffic through the faults, at the pace of its own clock made short, with the simulator's sink."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config

from drills.request import PRODUCER
from drills.traffic import EPOCH, FARTHEST
from laptop.network import REGION, endpoint
from simulator.record import Record
from simulator.sinks.kinesis import KinesisSink

# Longer than the idle timeout of the detector's source.
IDLE_SECONDS = 12.0
# Only a clock that is wrong, or the end of the stretch, is so far ahead of the record before.
FAR_AHEAD = timedelta(seconds=60)
# However long a stream refuses everything, a producer that must not lose anything goes on.
ATTEMPTS = 40


@dataclass
class Producer:
    """One client of the events stream. `acknowledged` notes when how many records had been taken."""

    port: int
    stream: str
    acknowledged: list[tuple[float, int]] = field(default_factory=list)

    def send(self, records: Sequence[Record], *, seconds: float, quiet: range = range(0)) -> None:
        """Send all of it, evenly over about so many seconds, but those in the places `quiet` more slowly.

        They take `IDLE_SECONDS` more: long enough for a shard that takes none of them to count as idle.

        A batch holds no more event time than a record may be late by, since a stream that refuses part of one changes
        the order within it. Raises SinkFault.
        """
        sink = KinesisSink(client=_client(self.port), stream=self.stream, attempts=ATTEMPTS)
        began, sent = time.monotonic(), 0
        self.acknowledged = [(began, 0)]
        for batch in _batches(records):
            passed = seconds * sent / len(records) + IDLE_SECONDS * _share_of(quiet, sent)
            time.sleep(max(0.0, began + passed - time.monotonic()))
            for record in batch:
                sink.write(record)
            sink.flush()
            sent += len(batch)
            self.acknowledged.append((time.monotonic(), sent))

    def sent_by(self, moment: float) -> int:
        """Return how many records had been taken by then, on the monotonic clock."""
        return max((count for at, count in self.acknowledged if at <= moment), default=0)


def _share_of(places: range, sent: int) -> float:
    """Return how much of these places has been sent, from 0 to 1."""
    return min(max(sent - places.start, 0), len(places)) / len(places) if places else 0.0


def _batches(records: Sequence[Record]) -> list[list[Record]]:
    """Return the records in batches; one that is far ahead of all before is alone, so that what is late is fixed."""
    batches: list[list[Record]] = []
    opened = newest = EPOCH
    jumped = True
    for record in records:
        at = record.event_time or newest
        after_jump, jumped = jumped, at > newest + FAR_AHEAD
        newest = max(newest, at)
        if jumped or after_jump or newest >= opened + FARTHEST:
            batches.append([])
            opened = newest
        batches[-1].append(record)
    return batches


def _client(port: int) -> Any:
    """Return a client that leaves trying again to the sink, and says who it is."""
    session: Any = boto3.Session(
        aws_access_key_id="laptop",
        aws_secret_access_key="laptop",  # nosec B106
        region_name=REGION,
    )
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, user_agent_extra=PRODUCER)
    return session.client("kinesis", endpoint_url=endpoint(port), config=config)
