"""What the jobs ask of an engine. SQL handed to an engine is DuckDB's; an engine that speaks another one translates.

In that SQL every table of the lake goes by its bare name, and a table that nobody has written yet is empty, as is a
column that a table does not have yet.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from glue_jobs.raw import RawBucket, RawObject
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import Column, Table

DATABASE_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


class EngineError(RuntimeError):
    """An engine that cannot do what the settings ask; the message says what to change."""


@dataclass(frozen=True)
class Answer:
    """The answer to a question: column names and rows, instants in UTC, money as Decimal."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Expired:
    """What an expiry took away."""

    snapshots: int = 0
    files: int = 0


class Engine(Protocol):
    """DuckDB or Spark over the same Iceberg tables. Each write is one atomic commit to one table."""

    def create(self, table: Table) -> None:
        """Create the table if it is not there, or add the columns it lacks. A column not declared any more is kept."""

    def stage(self, objects: Sequence[RawObject]) -> int:
        """Read and judge the records of raw objects: the relation `judged`, good for the next statements.

        Returns how many objects that are, the first ones: at least one, and no more than fit into memory.
        """

    def present(self, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
        """Make a few rows a relation of that name."""

    def hold(self, name: str, select: str) -> None:
        """Compute the rows of a query now and keep them as a relation of that name."""

    def append(self, table: Table, select: str) -> int:
        """Add the rows of a query, whose columns are the table's; return how many."""

    def replace(self, table: Table, select: str) -> None:
        """Put the rows of a query in the place of all rows."""

    def replace_where(self, table: Table, select: str, column: str, values: Collection[date]) -> None:
        """Put the rows of a query in the place of the rows that have one of the days."""

    def delete(self, table: Table, column: str, values: Sequence[str], *, days: Collection[date] | None = None) -> None:
        """Delete the rows that have one of the values; `days` says in which partitions they are, None for any."""

    def delete_lines(self, table: Table, lines: Mapping[str, Collection[int]]) -> None:
        """Delete the rows that came from these lines, by `source_object` the `line_number`s."""

    def delete_before(self, table: Table, column: str, day: date) -> None:
        """Delete the rows whose day, or instant in UTC, is before the day."""

    def ask(self, select: str, values: Sequence[str] = ()) -> Answer:
        """Answer a query; each ? in it stands for the next value."""

    def count_files(self, table: Table) -> int:
        """Return how many data files the table has now."""

    def compact(self, table: Table, *, small_megabytes: int, from_files: int) -> None:
        """Merge the small data files of each partition that has at least so many. No row changes."""

    def expire(self, table: Table, *, keep: int, before: datetime | None = None) -> Expired:
        """Forget all snapshots but the latest `keep` and those taken since `before`, and delete what only they had."""

    def remove_orphans(self, table: Table, *, before: datetime) -> int:
        """Delete files in the table's folder that no snapshot names and that are older; return how many."""

    def close(self) -> None:
        """Let go of what the engine holds."""


def day_literal(day: date) -> str:
    """Return a day as SQL writes it."""
    return f"DATE '{day.isoformat()}'"


def make_warehouse(folder: Path) -> None:
    """Make the folder of a lake on this machine if it is not there. Raises EngineError.

    Its name goes into addresses of files, which are read as they stand: what means something in them cannot be in it.
    """
    if unfit := sorted(set("%#?*") & set(str(folder))):
        raise EngineError(f"the warehouse {str(folder)!r} has {' and '.join(unfit)} in its path: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise EngineError(f"the warehouse {str(folder)!r} is no folder to write to: {error}") from error


def no_database(settings: LakeSettings) -> EngineError:
    """Return what to raise where a lake is asked that no job has ever written to."""
    return EngineError(
        f"no database {settings.database!r} in {settings.warehouse!r}: are both right, and has `curate` run once?"
    )


def is_text(text: str) -> bool:
    """Return whether the text can be written as UTF-8: an argument of other bytes cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def open_engine(
    settings: LakeSettings, *, raw: RawBucket, environment: Mapping[str, str], must_exist: bool = False
) -> Engine:
    """Return the engine that the settings name. Raises EngineError.

    The lake's database is made if it is not there; where it `must_exist`, nothing is made, and that is an error.
    Engines are imported here because Glue has no DuckDB and a laptop need not start Java.
    """
    if not DATABASE_NAME.fullmatch(settings.database):
        raise EngineError(f"{settings.database!r} is no name of a database: use letters, digits, _ and -")
    match (settings.engine, settings.catalog):
        case ("duckdb", "sqlite" | "glue"):
            from glue_jobs.duckdb_engine import DuckDbEngine  # noqa: PLC0415

            return DuckDbEngine.open(settings, raw=raw, environment=environment, must_exist=must_exist)
        case ("spark", "hadoop" | "glue"):
            from glue_jobs.spark_engine import SparkEngine  # noqa: PLC0415

            return SparkEngine.open(settings, raw=raw, must_exist=must_exist)
        case (engine, catalog):
            raise EngineError(
                f"no engine {engine!r} with the catalog {catalog!r}: use duckdb with sqlite or glue, "
                "or spark with hadoop or glue"
            )
