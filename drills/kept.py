"""What a run has come to so far, in a file: one that is ended, by whatever, can be taken up where it was."""

import hashlib
import json
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from drills.bugs import Bugs
from drills.comparison import Kind, Wrong
from drills.drill import Outcome, Recovery
from drills.report import Tally
from drills.running import Ran, planned
from laptop.checkpoints import Checkpoint
from laptop.cloud.starting import ROOT
from laptop.processes import LaptopError

_FILES = ("app.py", "cdk.json", "requirements.lock")
_ROOMS = ("commerce", "drills", "evaluation", "flink_app", "glue_jobs", "lambdas", "laptop", "simulator", "stacks")
_PROGRAMS = {".py", ".sql", ".java", ".xml", ".json", ".lock"}


class Kept:
    """The file of one run: its schedules, its planted bugs, and the program it is a run of, from the start on."""

    def __init__(self, folder: Path) -> None:
        self._file = Checkpoint(folder / "schedules.json")
        self.program = program()

    def keep(self, tally: Tally, *, under_way: bool = False) -> None:
        """Replace what was kept; a kill leaves the old or the new. `under_way` says that a schedule begins now.

        Raises LaptopError where the program is another than when the run began.
        """
        if program() != self.program:
            raise LaptopError("The program was changed while it ran: no report can say what it is about")
        document = {"program": self.program, "seed": tally.seed, "first": tally.first, "bugs": asdict(tally.bugs)}
        broken_off = tally.broken_off + under_way
        self._file.keep(**document, broken_off=broken_off, ran=[_document(each) for each in tally.ran])

    def load(self, *, seed: int, first: int) -> Tally | None:
        """Return the run so far; None where there is none. Raises LaptopError where it is none of these schedules."""
        kept = self._file.load()
        if not kept:
            return None
        if (kept["seed"], kept["first"]) != (seed, first):
            raise LaptopError(f"What was run here is of seed {kept['seed']}, from schedule {kept['first']} on")
        if kept["program"] != self.program:
            raise LaptopError("What was run here was another version: leave out --resume to begin anew")
        tally = Tally(seed=seed, first=first, bugs=Bugs(**kept["bugs"]), broken_off=kept["broken_off"])
        for document in kept["ran"]:
            tally.take(_ran(seed, document))
        return tally


def program() -> str:
    """Return what stands for all programs that a drill runs, its own included."""
    digest = hashlib.sha256()
    found = (file for room in _ROOMS for file in (ROOT / room).rglob("*") if file.suffix in _PROGRAMS)
    for file in sorted((*found, *(ROOT / name for name in _FILES))):
        if "target" not in file.parts:
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _document(ran: Ran) -> dict[str, Any]:
    """Return a schedule as JSON has it. What was planned is not written: it follows from seed and number."""
    outcome = {each.name: getattr(ran.outcome, each.name) for each in fields(Outcome) if each.name != "plan"}
    document = {"at": ran.at.isoformat(), "clean": ran.clean, "number": ran.outcome.plan.number, **outcome}
    return dict(json.loads(json.dumps(document, default=asdict)))


def _ran(seed: int, document: dict[str, Any]) -> Ran:
    told = dict(document)
    at, clean, number = datetime.fromisoformat(told.pop("at")), told.pop("clean"), told.pop("number")
    outcome = Outcome(
        plan=planned(seed, number, clean=clean),
        recoveries=tuple(Recovery(**each) for each in told.pop("recoveries")),
        wrong=tuple(Wrong(**{**each, "kind": Kind(each["kind"])}) for each in told.pop("wrong")),
        ledger_differences=tuple(told.pop("ledger_differences")),
        errors=tuple(told.pop("errors")),
        **told,
    )
    return Ran(outcome=outcome, clean=clean, at=at)
