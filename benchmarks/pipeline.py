"""The product's jobs over one input: curate and the full build of the marts, and the day after."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.answers import BUILDING_BLOCKS, QUESTIONS
from benchmarks.bucket import served
from benchmarks.input import Input, delivered_from
from benchmarks.lakes import in_the_night_after, lake_settings, told
from benchmarks.measure import Measured, middle, middle_cpu, middle_steps, run_task
from glue_jobs.settings import LakeSettings

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Both jobs of one engine over one input, as often as it was run."""

    engine: str
    source: Input
    folder: Path
    curates: list[Measured] = field(default_factory=list)
    builds: list[Measured] = field(default_factory=list)

    def run(self, say: Say) -> None:
        """Run both jobs once more, into an empty lake that is left for the questions."""
        shutil.rmtree(self.folder, ignore_errors=True)
        settings = _at_night(lake_settings(self.engine, self.folder), self.source.days[-1])
        with served(self.source.folder) as environment:
            say("curate")
            self.curates.append(run_task("curate", settings, environment=environment))
            say("marts, both readings, all of them")
            self.builds.append(run_task("marts", settings, environment=environment))

    @property
    def account(self) -> dict[str, int]:
        """What the last curate made of the records."""
        account: dict[str, int] = self.curates[-1].told["account"]
        return account

    def figures(self) -> dict[str, Any]:
        """Return the medians; rows are the events of the lake for the marts, and the records read for curate."""
        account = self.account
        curate_seconds, curate_peak = middle(self.curates)
        marts_seconds, marts_peak = middle(self.builds)
        return {
            "engine": self.engine,
            "rows": self.source.rows,
            "account": account,
            "curate_seconds": curate_seconds,
            "curate_rows_per_second": account["records"] / curate_seconds,
            "curate_cpu_seconds": middle_cpu(self.curates),
            "curate_peak_bytes": curate_peak,
            "marts_seconds": marts_seconds,
            "marts_rows_per_second": account["events"] / marts_seconds,
            "marts_cpu_seconds": middle_cpu(self.builds),
            "marts_peak_bytes": marts_peak,
            "marts_steps": middle_steps(self.builds),
        }

    def five_built(self) -> dict[str, Any]:
        """Return what the five marts and their building blocks took within the full build: both readings, written."""
        steps = middle_steps(self.builds)
        names = (*BUILDING_BLOCKS, *(question.name for question in QUESTIONS))
        taken = {name: steps[name] for name in names}
        return {"seconds": sum(taken.values()), "steps": taken, "peak_bytes": middle(self.builds)[1]}


def day_after(source: Input, *, folder: Path, runs: int, say: Say) -> dict[str, Any]:
    """Return what one more day costs where all days before it have been built, and what those cost."""
    measured: dict[str, list[Measured]] = {}
    for _ in range(runs):
        for name, taken in _days(source, folder, say).items():
            measured.setdefault(name, []).append(taken)
    shutil.rmtree(folder, ignore_errors=True)
    seconds = {name: middle(taken)[0] for name, taken in measured.items()}
    day = seconds["curate_day"] + seconds["marts_day"]
    return {
        "rows": source.rows,
        "days_before": len(source.days) - 1,
        "day_events": measured["curate_day"][-1].told["account"]["events"],
        "days_computed": measured["marts_day"][-1].told["account"]["days"],
        "restatements": measured["marts_day"][-1].told["account"]["restatements"],
        **{f"{name}_seconds": taken for name, taken in seconds.items()},
        "day_seconds": day,
        "before_seconds": seconds["curate_before"] + seconds["marts_before"],
        "marts_share_of_day": seconds["marts_day"] / day,
        "marts_day_steps": middle_steps(measured["marts_day"]),
    }


def _at_night(settings: LakeSettings, newest: date) -> dict[str, Any]:
    return {**told(settings), "now": in_the_night_after(newest).isoformat()}


def _days(source: Input, folder: Path, say: Say) -> dict[str, Measured]:
    shutil.rmtree(folder, ignore_errors=True)
    taken: dict[str, Measured] = {}
    last = source.days[-1]
    for name, newest in (("before", last - timedelta(days=1)), ("day", last)):
        settings = _at_night(lake_settings("duckdb", folder), newest)
        with served(source.folder, withheld=delivered_from(newest + timedelta(days=1))) as environment:
            for job in ("curate", "marts"):
                say(f"{job}, {'all days but the last' if name == 'before' else 'one more day'}")
                taken[f"{job}_{name}"] = run_task(job, settings, environment=environment)
    return taken
