"""How long somebody waits who tries it out: the demonstration after set-up, and set-up itself."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, BenchmarkError

# The stamps that `make setup` leaves: where they are missing it would set up anew what others use.
STAMPS = ROOT / "build" / "setup"


@dataclass(frozen=True, kw_only=True)
class StartBenchmark:
    """The demonstration once: it takes minutes. With `cold`, also a set-up in an empty folder, which downloads."""

    cold: bool
    folder: Path
    say: Callable[[str], None]

    def run(self) -> dict[str, Any]:
        """Measure; return the part `start` of the report. Raises BenchmarkError."""
        figures: dict[str, Any] = {}
        if (STAMPS / "jars.stamp").exists():
            self.say("set-up that was made already")
            figures["setup_warm_seconds"] = self._timed(["make", "--no-print-directory", "setup"], cwd=ROOT)
        if self.cold:
            figures["setup_cold_seconds"] = self._cold()
        self.say("the demonstration")
        work_dir = self.folder / "demo"
        demo = [sys.executable, "-m", "laptop", "demo", "--work-dir", str(work_dir)]
        figures["demo_seconds"] = self._timed(demo, cwd=ROOT)
        report = json.loads((work_dir / "report.json").read_text(encoding="utf-8"))
        return {**figures, "steps": report["seconds"]}

    def _cold(self) -> float:
        """Set up what is committed in a folder of its own; the caches of uv, npm and Maven stay as they are."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            self.say("set-up from nothing")
            # Which git is this machine's own affair.
            archive = ["git", "archive", "HEAD"]
            committed = subprocess.run(archive, cwd=ROOT, capture_output=True, check=True).stdout  # nosec B607
            with tarfile.open(fileobj=io.BytesIO(committed)) as files:
                files.extractall(folder, filter="data")
            return self._timed(["make", "--no-print-directory", "setup"], cwd=Path(folder))

    def _timed(self, command: Sequence[str], *, cwd: Path) -> float:
        log = self.folder / "start.log"
        began = time.monotonic()
        with log.open("wb") as output:
            environment = {**os.environ, "PYTHONPATH": str(cwd)}
            code = subprocess.call(command, cwd=cwd, env=environment, stdout=output, stderr=output)
        if code:
            raise BenchmarkError(f"{' '.join(command)} failed ({code}), see {log}: {log.read_text()[-2000:]}")
        return time.monotonic() - began
