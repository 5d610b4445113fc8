"""The product's own jobs as a benchmark runs them: over raw objects on disk, into a lake that is thrown away."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.answers import MARTS, QUESTIONS
from benchmarks.bucket import BUCKET
from benchmarks.local_spark import session
from benchmarks.measure import ROOT
from benchmarks.timing import Stopwatch
from glue_jobs.engine import Engine, open_engine
from glue_jobs.jobs import run_job
from glue_jobs.marts import Mart, Reading, mart_named
from glue_jobs.raw import RawBucket
from glue_jobs.readings import mart_sql
from glue_jobs.settings import LakeSettings, Order
from glue_jobs.tables import EVENTS

DATABASE = "shop"
JARS = ROOT / "build" / "jars" / "spark"
CATALOGS = {"duckdb": "sqlite", "spark": "hadoop"}


def lake_settings(engine: str, folder: Path) -> LakeSettings:
    """Return the settings of a lake in that folder, all else as a shop has it."""
    return LakeSettings(
        raw_bucket=BUCKET,
        warehouse=str(folder),
        database=DATABASE,
        engine=engine,
        catalog=CATALOGS[engine],
        spark_jars=",".join(map(str, sorted(JARS.glob("*.jar")))) if engine == "spark" else "",
    )


def told(settings: LakeSettings) -> dict[str, Any]:
    """Return the settings as a task is told them."""
    return asdict(settings)


def in_the_night_after(day: date) -> datetime:
    """Return when a shop computes a day."""
    return datetime.combine(day + timedelta(days=1), time(hour=2), UTC)


def table_folder(folder: Path, table: str) -> Path:
    """Return where the data files of a table are that has only been added to."""
    return folder / DATABASE / table / "data"


def event_files(folder: Path) -> list[str]:
    """Return the data files of the lake's events."""
    return sorted(map(str, table_folder(folder, EVENTS.name).rglob("*.parquet")))


def run(job: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run a job over the lake of these settings, at `now`; return its seconds, those of its steps, and its account."""
    now = datetime.fromisoformat(given["now"])
    settings = LakeSettings(**{name: value for name, value in given.items() if name != "now"})
    _warm_up(settings)
    watch = Stopwatch()
    account = run_job(
        job, settings=settings, order=Order(), environment=os.environ, clock=lambda: now, reached=watch.reached
    )
    watch.reached("end")
    return {**watch.seconds_by_step(), "account": account}


def selects_alone(given: Mapping[str, Any]) -> dict[str, Any]:
    """Run the SELECTs of the five marts over the lake's own building blocks, in one reading, nothing written."""
    watch, engine = _opened(given)
    for question in QUESTIONS:
        with watch.step(question.name):
            engine.hold(f"made_{question.name}", mart_sql(mart_named(question.name), Reading.ALL_TRAFFIC, None))
    return watch.seconds_by_step()


def selects_from_events(given: Mapping[str, Any]) -> dict[str, Any]:
    """Run the SELECTs of the building blocks and of the five, in one reading, from nothing but the events."""
    watch, engine = _opened(given)
    for name in MARTS:
        with watch.step(name):
            engine.hold(f"made_{name}", _from_made(mart_named(name)))
    return watch.seconds_by_step()


def _from_made(mart: Mart) -> str:
    """Return the mart's query, reading the events of the lake and the marts made just before."""
    seen = ", ".join(f"seen_{name} AS (SELECT * FROM {_source(name)})" for name in mart.reads)
    return f"WITH {seen} SELECT {', '.join(mart.column_names)} FROM ({mart.sql}\n) AS mart"


def _source(name: str) -> str:
    return name if name == EVENTS.name else f"made_{name}"


def _opened(given: Mapping[str, Any]) -> tuple[Stopwatch, Engine]:
    settings = LakeSettings(**given)
    _warm_up(settings)
    engine = open_engine(settings, raw=RawBucket(name=BUCKET), environment=os.environ)
    return Stopwatch(), engine


def _warm_up(settings: LakeSettings) -> None:
    """Load the engine's libraries, and start Spark, before the clock."""
    if settings.engine == "spark":
        from glue_jobs.spark_engine import session_settings  # noqa: PLC0415  # only processes that measure Spark

        session(session_settings(settings))
    else:
        import_module("glue_jobs.duckdb_engine")
