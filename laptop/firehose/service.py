"""Firehose: delivers every shard of every delivery stream that the API lists."""

import threading
from pathlib import Path
from typing import Any

from laptop.checkpoints import Checkpoint
from laptop.firehose.delivery import Destination, ShardDelivery, destination
from laptop.network import client
from laptop.shards import Threads, shard_ids


class Firehose:
    """Keeps one thread a shard; what is created or deleted later is noticed."""

    def __init__(self, *, endpoint_url: str, state: Path) -> None:
        self._endpoint_url = endpoint_url
        self._state = state
        self._firehose = client("firehose", endpoint_url)
        self._kinesis = client("kinesis", endpoint_url)
        self._threads = Threads(self._deliver)

    def look(self) -> None:
        """Compare what runs with what the API lists."""
        wanted: set[tuple[Destination, str]] = set()
        for name in self._firehose.list_delivery_streams()["DeliveryStreamNames"]:
            description = self._firehose.describe_delivery_stream(DeliveryStreamName=name)
            target = _readable(description["DeliveryStreamDescription"])
            if target is not None:
                wanted |= {(target, shard) for shard in shard_ids(self._kinesis, target.source)}
        self._threads.match(wanted)

    def _deliver(self, key: tuple[Destination, str], end: threading.Event) -> None:
        target, shard = key
        delivery = ShardDelivery(
            target,
            kinesis=client("kinesis", self._endpoint_url),
            s3=client("s3", self._endpoint_url),
            shard=shard,
            checkpoint=Checkpoint(self._state / target.stream / f"{shard}.json"),
        )
        delivery.run(end)

    def stop(self) -> None:
        """End all deliveries."""
        self._threads.stop(seconds=5)


def _readable(description: dict[str, Any]) -> Destination | None:
    """Return the destination of a delivery stream with a Kinesis source; others are fed by moto's own PutRecord."""
    return destination(description) if description.get("DeliveryStreamType") == "KinesisStreamAsSource" else None
