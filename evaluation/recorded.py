"""Recorded traffic beside the made-up: real shops, in which nobody attacked, must raise no alarm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commerce.rules.rule import Rule
from evaluation.engines import Engine
from evaluation.observed import from_record
from simulator import replay
from simulator.record import Fault


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One file: its events, the rows that are none, and the incidents found, or why it was left out."""

    file: str
    events: int = 0
    bad_rows: int = 0
    incidents: int = 0
    skipped: str = ""


def measure_recorded(
    folder: Path, *, engine: Engine, rules: Sequence[Rule], say: Callable[[str], None] = lambda _: None
) -> Iterator[Recorded]:
    """Give the figures of each file in the folder that begins like a recording; others may lie beside them."""
    found = False
    for path in sorted(path for path in folder.glob("*") if path.is_file()):
        try:
            # A recording may end in the middle of a row: what is no event is counted, and the rest is worth reading.
            recording = replay.records(path, bad_row=lambda *_: None)
        except Fault:
            continue
        say(path.name)
        found = True
        yield _measured(recording, engine, rules)
    if not found:
        yield Recorded(file=folder.resolve().name, skipped="the folder holds no recorded file")


def _measured(recording: replay.Recording, engine: Engine, rules: Sequence[Rule]) -> Recorded:
    path = recording.path
    run = engine.begin(rules=rules, known_networks=(), name=path.name.partition(".")[0])
    events = 0
    try:
        for record in recording:
            run.take(record, from_record(record))
            events += 1
    except Fault as fault:
        return Recorded(file=path.name, skipped=str(fault))
    if not events:
        return Recorded(file=path.name, skipped=f"none of its {recording.bad_rows:,} rows is an event")
    return Recorded(file=path.name, events=events, bad_rows=recording.bad_rows, incidents=len(run.finish()))
