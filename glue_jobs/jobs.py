"""The two jobs by name, for the Glue script and for the command line."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from glue_jobs.curate import Curate
from glue_jobs.engine import Engine, open_engine
from glue_jobs.marts import build_marts
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings


class JobError(ValueError):
    """A job that does not exist; the message lists those that do."""


def _curate(engine: Engine, settings: LakeSettings, reached: Callable[[str], None]) -> dict[str, int]:
    raw = RawBucket(name=settings.raw_bucket)
    clock = lambda: datetime.now(UTC)  # noqa: E731  # the one place where the batch half reads a clock
    return Curate(engine=engine, raw=raw, settings=settings, clock=clock, reached=reached).run()


def _marts(engine: Engine, _settings: LakeSettings, _reached: Callable[[str], None]) -> dict[str, int]:
    return build_marts(engine)


JOBS: dict[str, Callable[[Engine, LakeSettings, Callable[[str], None]], dict[str, int]]] = {
    "curate": _curate,
    "marts": _marts,
}


def run_job(
    name: str,
    *,
    settings: LakeSettings,
    environment: Mapping[str, str],
    reached: Callable[[str], None] = lambda _step: None,
) -> dict[str, int]:
    """Run a job to its end; return its account. Raises JobError, EngineError, RawError."""
    if name not in JOBS:
        raise JobError(f"no job {name!r}: there are {', '.join(JOBS)}")
    engine = open_engine(settings, raw=RawBucket(name=settings.raw_bucket), environment=environment)
    try:
        return JOBS[name](engine, settings, reached)
    finally:
        engine.close()
