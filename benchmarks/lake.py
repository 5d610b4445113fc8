"""The lake's benchmark: how fast raw records become answers, how that grows, and against what else one could do."""

import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.input import Input, prepare
from benchmarks.measure import growth_exponent
from benchmarks.pipeline import Pipeline, Say, day_after
from benchmarks.questions import answer_all, compared

Report = dict[str, Any]
GROWTH_FROM = 10_000_000
BECAUSE_SPARK = "Spark on two cores takes many times as long as the embedded engine; SPARK_UP_TO says how far to go"
BECAUSE_PANDAS = "pandas holds all events in memory; PANDAS_UP_TO says how far to go"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to measure. Sizes are rows; `day_after` is the size at which one more day is delivered."""

    rows: tuple[int, ...]
    runs: int
    days: int
    spark_up_to: int
    pandas_up_to: int
    day_after: int


@dataclass(kw_only=True)
class Benchmark:
    """One run of all of it, in a folder; lakes are thrown away as soon as nothing wants them any more."""

    plan: Plan
    folder: Path
    say: Say
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)

    def run(self) -> Report:
        """Measure; return the report, also written to report.json. Raises BenchmarkError."""
        load_before = psutil.getloadavg()[0]
        inputs = [self._input(rows) for rows in self.plan.rows]
        for source in inputs:
            self._size(source)
        report = {
            "machine": {**_machine(), "load_before": load_before},
            "plan": asdict(self.plan),
            "inputs": [_described(source) for source in inputs],
            "pipelines": self.pipelines,
            "growth": list(_growth(self.pipelines)),
            "questions": self.questions,
            "day_after": self._day_after(),
            "left_out": self.left_out,
            "disagreements": self.disagreements,
        }
        (self.folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
        return report

    def _input(self, rows: int) -> Input:
        return prepare(rows, below=self.folder, days=self.plan.days, reached=self._saying("input"))

    def _size(self, source: Input) -> None:
        lake = self._pipeline("duckdb", source)
        if self._within(source, "spark", self.plan.spark_up_to, BECAUSE_SPARK):
            other = self._pipeline("spark", source)
            self.disagreements += compared(lake, other)
            shutil.rmtree(other.folder)
        ways = ["duckdb"]
        if self._within(source, "pandas", self.plan.pandas_up_to, BECAUSE_PANDAS):
            ways.append("pandas")
        if source.rows <= self.plan.spark_up_to:
            ways.append("spark")
        say = self._saying(f"{source.rows:,} rows, five questions")
        figures, wrong = answer_all(lake, ways=ways, runs=self.plan.runs, say=say)
        self.questions += figures
        self.disagreements += wrong
        shutil.rmtree(lake.folder)

    def _pipeline(self, engine: str, source: Input) -> Pipeline:
        pipeline = Pipeline(engine=engine, source=source, folder=self.folder / f"lake-{engine}")
        for number in range(1, self.plan.runs + 1):
            pipeline.run(self._saying(f"{source.rows:,} rows, {engine}, run {number} of {self.plan.runs}"))
        self.pipelines.append(pipeline.figures())
        return pipeline

    def _day_after(self) -> dict[str, Any]:
        rows = max((rows for rows in self.plan.rows if rows <= self.plan.day_after), default=min(self.plan.rows))
        source = self._input(rows)
        say = self._saying(f"{rows:,} rows, the day after")
        return day_after(source, folder=self.folder / "lake-days", runs=self.plan.runs, say=say)

    def _within(self, source: Input, what: str, bound: int, because: str) -> bool:
        if source.rows <= bound:
            return True
        self.left_out.append({"what": what, "rows": source.rows, "bound": bound, "because": because})
        return False

    def _saying(self, where: str) -> Say:
        return lambda step: self.say(f"{where}: {step}")


def _described(source: Input) -> dict[str, Any]:
    return {"rows": source.rows, "compressed_bytes": source.compressed_bytes, "days": len(source.days)}


def _growth(pipelines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield how seconds grow with rows, by engine and job, from 10 million rows on, or from the smallest size."""
    for engine in sorted({figures["engine"] for figures in pipelines}):
        sizes = sorted((one for one in pipelines if one["engine"] == engine), key=lambda one: one["rows"])
        large = [one for one in sizes if one["rows"] >= GROWTH_FROM]
        few, many = (large if len(large) > 1 else sizes)[0], sizes[-1]
        if few is many:
            continue
        for job in ("curate", "marts"):
            points = [(one["rows"], one[f"{job}_seconds"]) for one in (few, many)]
            yield {
                "engine": engine,
                "job": job,
                "from_rows": few["rows"],
                "to_rows": many["rows"],
                "exponent": growth_exponent(*points),
            }


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("duckdb", "pandas", "pyarrow", "pyiceberg", "pyspark")},
    }
