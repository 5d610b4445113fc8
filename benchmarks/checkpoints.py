"""What the checkpoints of a running job were like, read from Flink's REST API while it runs."""

import json
import threading
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PAUSE_SECONDS = 1.0


@dataclass
class Watch:
    """A thread that keeps the last answer about the only job of a cluster."""

    port: int
    _seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._look, name="checkpoints", daemon=True)
        self._thread.start()

    def finished(self) -> list[dict[str, Any]]:
        """Return the checkpoints that were completed: milliseconds, the size of the state, and what was written."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        return [self._seen[number] for number in sorted(self._seen)]

    def _look(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            with suppress(OSError, ValueError, KeyError, IndexError):  # the cluster is starting, or gone
                self._read()

    def _read(self) -> None:
        job = self._ask("/jobs")["jobs"][0]["id"]
        for one in self._ask(f"/jobs/{job}/checkpoints")["history"]:
            if one["status"] == "COMPLETED":
                self._seen[one["id"]] = {
                    "milliseconds": one["end_to_end_duration"],
                    "state_bytes": one["state_size"],
                    "written_bytes": one["checkpointed_size"],
                }

    def _ask(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=5) as answer:  # nosec B310
            return dict(json.load(answer))
