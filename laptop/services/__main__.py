"""Runs the managed services: `python -m laptop.services ENDPOINT WORK_DIR WAREHOUSE [FLINK_PORT]`.

Each service looks again and again at what the API says is deployed and acts on it. There is no other list of
resources, and nothing that a service knows is lost with this process: a second one carries on.
"""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from laptop.event_source.service import EventSources
from laptop.firehose.service import Firehose
from laptop.flink.service import ManagedFlink
from laptop.glue.service import GlueRuns

_LOOK_EVERY_SECONDS = 1.0
_LOG = logging.getLogger("laptop.services")


class Service(Protocol):
    """A managed service."""

    def look(self) -> None:
        """Compare what runs with what the API says, and act on the difference."""

    def stop(self) -> None:
        """End everything that was started."""


def main(endpoint_url: str, work_dir: Path, warehouse: Path, flink_port: int | None) -> None:
    """Serve until told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    services: list[Service] = [
        Firehose(endpoint_url=endpoint_url, state=work_dir / "state" / "firehose"),
        EventSources(endpoint_url=endpoint_url, state=work_dir / "state" / "event-source"),
        GlueRuns(endpoint_url=endpoint_url, work_dir=work_dir / "glue", warehouse=warehouse),
    ]
    if flink_port is not None:
        services.append(ManagedFlink(endpoint_url=endpoint_url, work_dir=work_dir / "flink", port=flink_port))
    watchers = [threading.Thread(target=_watch, args=(service, end), daemon=True) for service in services]
    for watcher in watchers:
        watcher.start()
    end.wait()
    for watcher in watchers:
        watcher.join(2)
    for service in services:
        service.stop()


def _watch(service: Service, end: threading.Event) -> None:
    while not end.is_set():
        try:
            service.look()
        except (ClientError, BotoCoreError, OSError) as error:
            _LOG.warning("%s: %s", type(service).__name__, error)
        except Exception:  # noqa: BLE001  # the border: one service's fault must not silence the others
            _LOG.exception("%s", type(service).__name__)
        end.wait(_LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else None)
