"""The two detectors that can be measured: the real one on Flink, and the quick one without an engine."""

import base64
import json
import os
import pickle
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from commerce.event import format_instant
from commerce.incident import Incident, parse
from commerce.rules.rule import Rule
from evaluation.episodes import Crossing, Episode, episodes
from evaluation.observed import EPOCH, Observed
from evaluation.quick_detector import QuickDetector
from simulator.record import Record

ROOT = Path(__file__).resolve().parent.parent
FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"


class EngineFault(Exception):
    """The engine did not come to an end; the message holds what it said last."""


class Run(Protocol):
    """One stretch of traffic on its way through a detector."""

    def take(self, record: Record, event: Observed | None) -> None:
        """Take the next record, in order of arrival, and the event in it, if any."""

    def finish(self) -> list[Episode]:
        """Return every incident; raises EngineFault."""


class Engine(Protocol):
    """A detector that can be given traffic again and again."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    def begin(self, *, rules: Sequence[Rule], known_networks: Sequence[str], name: str) -> Run:
        """Return a fresh run; `name` tells it from others."""


class QuickEngine:
    """The detector in plain Python."""

    name = "quick"

    def begin(self, *, rules: Sequence[Rule], known_networks: Sequence[str], name: str) -> Run:  # noqa: ARG002
        """Return a fresh run."""
        return _QuickRun(QuickDetector(rules, known_networks=known_networks))


@dataclass
class _QuickRun:
    detector: QuickDetector
    crossings: list[Crossing] = field(default_factory=list)

    def take(self, record: Record, event: Observed | None) -> None:  # noqa: ARG002
        if event is not None:
            self.crossings.extend(self.detector.take(event))

    def finish(self) -> list[Episode]:
        return list(episodes([*self.crossings, *self.detector.finish()]))


@dataclass(frozen=True)
class FlinkEngine:
    """The real detector, in a mini cluster of a process of its own: its libraries are in another environment."""

    folder: Path
    name: str = "flink"

    def begin(self, *, rules: Sequence[Rule], known_networks: Sequence[str], name: str) -> Run:
        """Return a fresh run, with files in a folder of its own."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        # Rules may have been changed for a test, so their names would not do. Both environments are of one Python.
        (folder / "job.pickle").write_bytes(pickle.dumps((tuple(rules), tuple(known_networks))))
        return _FlinkRun(folder)


class _FlinkRun:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = (folder / "records.json").open("w", encoding="utf-8")
        self._arrived_at = EPOCH

    def take(self, record: Record, event: Observed | None) -> None:  # noqa: ARG002
        """Write the record down; it arrived when the newest event before it happened, or later."""
        if record.event_time is not None:
            self._arrived_at = max(self._arrived_at, record.event_time)
        self._records.write(_line(record.data, self._arrived_at))

    def finish(self) -> list[Episode]:
        self._records.close()
        command = [str(FLINK_PYTHON), "-m", "evaluation.flink_runner", str(self._folder)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineFault(f"{self._folder}: {done.stderr[-4000:]}")
        # Days of traffic fill a disk, and the same seed makes them again.
        (self._folder / "records.json").unlink()
        return episodes_of(self._states())

    def _states(self) -> list[Incident]:
        paths = sorted((self._folder / "incidents").rglob("part-*"))
        states = [parse(line) for path in paths for line in path.read_bytes().splitlines()]
        return [state for state in states if isinstance(state, Incident)]


def episodes_of(states: Iterable[Incident]) -> list[Episode]:
    """Return the episodes whose states these are, in order of their opening."""
    latest: dict[str, Episode] = {}
    for state in states:
        before = latest.get(state.incident_id)
        latest[state.incident_id] = Episode(
            incident_id=state.incident_id,
            rule=state.rule,
            rule_version=state.rule_version,
            subject_type=state.subject_type,
            subject=state.subject,
            window_seconds=state.window_seconds,
            opened_at=state.opened_at,
            last_seen_at=max(state.last_seen_at, before.last_seen_at) if before else state.last_seen_at,
            value=max(state.value, before.value) if before else state.value,
        )
    return sorted(latest.values(), key=lambda episode: (episode.opened_at, episode.incident_id))


def _line(data: bytes, arrived_at: datetime) -> str:
    arrival = format_instant(arrived_at).replace("T", " ").removesuffix("Z")
    return json.dumps({"record": base64.b64encode(data).decode(), "arrived_at": arrival}) + "\n"
