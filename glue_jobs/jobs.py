"""The jobs by name, for the Glue script and for the command line."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from os.path import commonprefix

from commerce.arrival import HOUR
from commerce.days import DayError, Days, read_day
from glue_jobs.build import Build
from glue_jobs.curate import Curate
from glue_jobs.engine import Engine, is_text, open_engine
from glue_jobs.erase import Erase, EraseError
from glue_jobs.raw import RawBucket
from glue_jobs.retention import final_days, lost_days
from glue_jobs.settings import LakeSettings, Order
from glue_jobs.tables import RUNS, TABLES
from glue_jobs.upkeep import Upkeep
from glue_jobs.withdraw import withdraw
from glue_jobs.writer import only_writer

Account = dict[str, int]
Clock = Callable[[], datetime]


class JobError(ValueError):
    """A job that does not exist or was not told enough; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a job works with. `order` is what this one run was told beyond the settings."""

    engine: Engine
    settings: LakeSettings
    order: Order
    clock: Clock
    reached: Callable[[str], None]

    @property
    def raw(self) -> RawBucket:
        """The bucket of raw records."""
        return RawBucket(name=self.settings.raw_bucket)


def _curate(work: Work) -> Account:
    return Curate(
        engine=work.engine, raw=work.raw, settings=work.settings, clock=work.clock, reached=work.reached
    ).run()


def _marts(work: Work, *, asked_for: Container[date] = ()) -> Account:
    return Build(
        engine=work.engine, settings=work.settings, clock=work.clock, asked_for=asked_for, reached=work.reached
    ).run()


def _backfill(work: Work) -> Account:
    """Take the raw objects that arrived on these days anew, and compute the marts of these days."""
    first, last = _day(work.order.from_day, "--from"), _day(work.order.to_day, "--to")
    if last < first:
        raise JobError(f"--to is {last}, before --from {first}")
    days = Days(first=first, last=last)
    arrived = list(_objects_of(work, days))
    for table in TABLES:
        work.engine.create(table)
    built = {day for (day,) in work.engine.ask("SELECT day FROM built_days").rows}
    if final := [day for day in final_days(lost_days(work.engine), built=built) if day in days]:
        raise JobError(f"{min(final)} cannot be computed again: rows of that day or the one before were kept no longer")
    work.engine.delete(RUNS, "source_object", arrived)
    return {**_curate(work), **_marts(work, asked_for=days)}


def _objects_of(work: Work, days: Days) -> Iterator[str]:
    """Yield the raw objects that arrived on these days: without their rows in `runs` nobody has taken them."""
    paths = [day.isoformat().replace("-", "/") for day in (days.first, days.last)]
    alike = commonprefix(paths)  # noqa: RUF071  # what S3 lists by is characters, not folders
    for prefix in (work.settings.events_prefix, work.settings.incidents_prefix):
        for found in work.raw.objects(f"{prefix}{alike}"):
            if (found.arrived_at - HOUR).date() in days:
                yield found.key


def _withdraw(work: Work) -> Account:
    order = work.order
    if not order.incident_id or not order.because:
        raise JobError("withdraw needs --incident_id and --because")
    return withdraw(work.engine, order.incident_id, because=order.because, at=work.clock(), undo=order.undo)


def _erase(work: Work) -> Account:
    job = Erase(
        engine=work.engine,
        raw=work.raw,
        settings=work.settings,
        clock=work.clock,
        user_id=work.order.user_id,
        reached=work.reached,
    )
    try:
        return job.run()
    except EraseError as error:
        raise JobError(str(error)) from error


def _upkeep(work: Work) -> Account:
    return Upkeep(engine=work.engine, settings=work.settings, clock=work.clock, reached=work.reached).run()


JOBS: dict[str, Callable[[Work], Account]] = {
    "curate": _curate,
    "marts": _marts,
    "backfill": _backfill,
    "withdraw": _withdraw,
    "erase": _erase,
    "upkeep": _upkeep,
}


def run_job(
    name: str,
    *,
    settings: LakeSettings,
    order: Order,
    environment: Mapping[str, str],
    clock: Clock = lambda: datetime.now(UTC),
    reached: Callable[[str], None] = lambda _step: None,
) -> Account:
    """Run a job to its end, nobody else writing meanwhile; return its account. `clock` gives the time now, in UTC.

    Raises JobError, EngineError, RawError, AllowListError, WithdrawError.
    """
    if name not in JOBS:
        raise JobError(f"no job {name!r}: there are {', '.join(JOBS)}")
    if garbled := [field.name for field in fields(order) if not is_text(str(getattr(order, field.name)))]:
        raise JobError(f"{', '.join(garbled)}: bytes that are no UTF-8 name nothing in the lake")
    with only_writer(settings, reached=reached):
        engine = open_engine(settings, raw=RawBucket(name=settings.raw_bucket), environment=environment)
        try:
            return JOBS[name](Work(engine=engine, settings=settings, order=order, clock=clock, reached=reached))
        finally:
            engine.close()


def _day(text: str, option: str) -> date:
    try:
        return read_day(text)
    except DayError as error:
        raise JobError(f"{option} is {text!r}, expected a day as 2019-10-01") from error
