"""How many events a second the detector takes, beside parsing alone and beside other ways to write the same rules.

Each figure is a slope: two sizes are run, and the events that one has more are divided by the seconds that it takes
longer. So the start of the job and of Java count for nobody.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.flink_answers import Verdict, verdicts
from benchmarks.measure import ROOT, BenchmarkError, Measured, run_task
from benchmarks.traffic import EVENTS_PER_SECOND, Traffic, prepare

FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"
FLINK_JOBS = (str(FLINK_PYTHON), "-m", "benchmarks.flink_jobs")
# Of the events that the detector is run with, so many are enough to see how slow something is.
NAIVE_PART = 60
OPERATOR_PART = 20
# The smaller of two sizes.
FEW_PART = 4
HEAP = "-Xmx3g"


@dataclass(frozen=True, kw_only=True)
class DetectorPlan:
    """What to measure: the events of the larger size, and how often each size is run."""

    events: int
    runs: int
    slow_runs: int = 1


@dataclass(kw_only=True)
class Rate:
    """Both sizes of one job, as often as they were run. `seconds` are without planning."""

    few: Traffic
    many: Traffic
    took_few: list[Measured] = field(default_factory=list)
    took_many: list[Measured] = field(default_factory=list)

    @property
    def events_per_second(self) -> float:
        """The events that the larger size has more, over the seconds that it takes longer; medians."""
        return self._slope(lambda one: one.seconds)

    @property
    def events_per_cpu_second(self) -> float:
        """The same over the seconds of all processors together, which hardly change when the machine is busy."""
        return self._slope(lambda one: one.cpu_seconds)

    def _slope(self, seconds: Callable[[Measured], float]) -> float:
        few, many = (median(seconds(one) for one in taken) for taken in (self.took_few, self.took_many))
        if many <= few:
            raise BenchmarkError(f"{self.many.events:,} events took no longer than {self.few.events:,}: name more")
        return (self.many.events - self.few.events) / (many - few)

    def figures(self) -> dict[str, Any]:
        """Return what the page shows."""
        return {
            "events_per_second": self.events_per_second,
            "events_per_cpu_second": self.events_per_cpu_second,
            "events": [self.few.events, self.many.events],
            "seconds": [[one.seconds for one in taken] for taken in (self.took_few, self.took_many)],
            "peak_bytes": round(median(one.peak_bytes for one in self.took_many)),
        }


@dataclass(frozen=True, kw_only=True)
class DetectorBenchmark:
    """One run of all of it, in a folder."""

    plan: DetectorPlan
    folder: Path
    say: Callable[[str], None]

    def run(self) -> dict[str, Any]:
        """Measure; return the part `detector` of the report. Raises BenchmarkError."""
        if not FLINK_PYTHON.exists():
            raise BenchmarkError(f"Flink is not at {FLINK_PYTHON}: run `make setup`")
        events, runs, slow = self.plan.events, self.plan.runs, self.plan.slow_runs
        rates = {
            "detector": self._rate("detector", events, runs),
            "parse_only": self._rate("parse_only", events, runs),
            "naive_sql": self._rate("naive_sql", events // NAIVE_PART, slow),
            "python_operator": self._rate("python_operator", events // OPERATOR_PART, slow),
            "hot_key": self._rate("detector", events, runs, hot=True),
            "with_risk": self._rate("with_risk", events, slow),
            "detector_of_few": self._rate("detector", events // OPERATOR_PART, slow),
        }
        same = self._same_incidents(events // NAIVE_PART)
        return {
            "events_per_second": rates["detector"].events_per_second,
            **{name: rate.events_per_second for name, rate in rates.items() if name != "detector"},
            "same_incidents": same["missing"] == same["additional"] == 0 < same["incidents"],
            "incidents": same,
            "checkpoints": _checkpoints(rates["detector"]),
            "runs": {name: rate.figures() for name, rate in rates.items()},
            "traffic_events_per_second": EVENTS_PER_SECOND,
        }

    def _rate(self, job: str, events: int, runs: int, *, hot: bool = False) -> Rate:
        self.say(f"traffic of {events:,} events")
        rate = Rate(few=self._traffic(events // FEW_PART, hot=hot), many=self._traffic(events, hot=hot))
        for number in range(1, runs + 1):
            for traffic, taken in ((rate.few, rate.took_few), (rate.many, rate.took_many)):
                self.say(f"{job}{', a hot key' if hot else ''}, {traffic.events:,} events, run {number} of {runs}")
                taken.append(self._job(job, traffic))
        return rate

    def _traffic(self, events: int, *, hot: bool = False) -> Traffic:
        return prepare(events, below=self.folder, hot=hot)

    def _job(self, job: str, traffic: Traffic, *, incidents: Path | None = None) -> Measured:
        state = self.folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        told = {"records": str(traffic.folder), "state": str(state), "incidents": str(incidents or "")}
        try:
            return run_task(job, told, program=FLINK_JOBS, environment={"JVM_ARGS": HEAP})
        finally:
            shutil.rmtree(state, ignore_errors=True)

    def _found(self, job: str, traffic: Traffic) -> frozenset[Verdict]:
        self.say(f"{job}, {traffic.events:,} events, for its incidents")
        with tempfile.TemporaryDirectory(dir=self.folder) as incidents:
            self._job(job, traffic, incidents=Path(incidents))
            return verdicts(Path(incidents))

    def _same_incidents(self, events: int) -> dict[str, Any]:
        """Run the detector and the naive rules once more, and compare what they found."""
        traffic = self._traffic(events)
        ours, naive = (self._found(job, traffic) for job in ("detector", "naive_sql"))
        return {
            "events": traffic.events,
            "incidents": len(ours),
            "rules": sorted({verdict.rule for verdict in ours}),
            "missing": len(naive - ours),
            "additional": len(ours - naive),
        }


def _checkpoints(rate: Rate) -> dict[str, Any]:
    """Return the checkpoints of the larger size: of every run's, the medians, and the state of the last."""
    made = [one for taken in rate.took_many for one in taken.told["checkpoints"]]
    last = [taken.told["checkpoints"][-1] for taken in rate.took_many if taken.told["checkpoints"]]
    if not made:
        return {"completed": 0}
    state_bytes = median(one["state_bytes"] for one in last)
    return {
        "completed": len(made),
        "milliseconds": median(one["milliseconds"] for one in made),
        "written_bytes": median(one["written_bytes"] for one in made),
        "state_bytes": state_bytes,
        "users": rate.many.users,
        "state_bytes_per_user": state_bytes / rate.many.users,
    }
