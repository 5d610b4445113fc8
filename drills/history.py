"""The runs that the page tells of, one after the other, in a file beside it: no single run is long enough."""

import json
import subprocess
from pathlib import Path
from typing import Any

from laptop.cloud.starting import ROOT

_TOLD = (
    "version",
    "program",
    "began",
    "ended",
    "seed",
    "numbers",
    "schedules",
    "records",
    "incidents",
    "lost",
    "doubled",
    "different",
    "ledger_differences",
    "recovery_seconds",
    "throughput_ratio",
)


def version() -> str:
    """Return the commit that runs, with `-dirty` where files differ from it; outside a repository, nothing."""
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def with_run(file: Path, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Add a run, by its report, to the runs in the file; return them all, this one last.

    The same schedules of the same program, taken up or repeated, take the place of what they had come to.
    """
    this = {name: document[name] for name in _TOLD}
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    runs = [*(run for run in before if _which(run) != _which(this)), this]
    file.write_text("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n", encoding="utf-8")
    return runs


def _which(run: dict[str, Any]) -> tuple[Any, ...]:
    return run["program"], run["seed"], run["numbers"]["first"]
