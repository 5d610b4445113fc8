"""Recorded traffic beside the made-up: real shops, in which nobody attacked, must raise no alarm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commerce.rules.rule import Rule
from evaluation.engines import Engine
from evaluation.observed import from_record
from simulator import replay

FILES = (
    "mkechinov-2019-Oct-first-5k.csv",
    "taobao-UserBehavior-96k.csv.gz",
    "uci-online-retail-2010-12-to-2011-06.csv.gz",
)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One file: its events and the incidents found in them, or why it was left out."""

    file: str
    events: int = 0
    incidents: int = 0
    skipped: str = ""


def measure_recorded(folder: Path, *, engine: Engine, rules: Sequence[Rule]) -> Iterator[Recorded]:
    """Give the figures of each file; one that is not in the folder is left out, with the reason."""
    for name in FILES:
        path = folder / name
        if not path.is_file():
            yield Recorded(file=name, skipped=f"not in {folder}")
        else:
            yield _measured(path, engine, rules)


def _measured(path: Path, engine: Engine, rules: Sequence[Rule]) -> Recorded:
    run = engine.begin(rules=rules, known_networks=(), name=path.name.partition(".")[0])
    events = 0
    # What is no event is left out, as `replay` does: a recording may end in the middle of a row.
    for record in replay.records(path, bad_row=lambda *_: None):
        run.take(record, from_record(record))
        events += 1
    return Recorded(file=path.name, events=events, incidents=len(run.finish()))
