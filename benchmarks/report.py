"""The report of `make bench`: one file that each part writes its own piece of, so that a part can be measured alone."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import ROOT

Report = dict[str, Any]
# The parts by their names on the command line, and what they are called in the report.
PARTS = {
    "detector": "detector",
    "alert": "alert_seconds",
    "simulator": "simulator",
    "responder": "responder",
    "start": "start",
}


def read_report(path: Path) -> Report:
    """Return what was measured before; empty where nothing was."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def merge(path: Path, part: str, measured: dict[str, Any], *, load_before: float, seconds: float) -> Report:
    """Put one part's figures into the report, with the machine and the time they are of; return all of it."""
    report = read_report(path)
    report[PARTS[part]] = measured
    report.setdefault("measured", {})[part] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "load_before": round(load_before, 2),
    }
    report["machine"] = machine()
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "flink": _flink_version(),
        **{name: version(name) for name in ("boto3", "moto")},
    }


def _flink_version() -> str:
    lock = (ROOT / "flink_app" / "requirements.txt").read_text(encoding="utf-8")
    return next(line.partition("==")[2] for line in lock.splitlines() if line.startswith("apache-flink=="))
