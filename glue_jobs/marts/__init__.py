"""The marts: questions answered once a day and kept. Each is one SELECT, in DuckDB's SQL, in a file of its name.

A file reads `seen_events` and other marts as `seen_NAME`: what one reading, all traffic or people only, sees of
them. Its header says what the mart is good for, what a row is, and what each column means. What behavioural risk is
stands in `commerce.risk` alone: a file has the `$name` of each bound and expression of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from string import Template

from commerce.risk.sql import placeholders
from glue_jobs.headers import read_header
from glue_jobs.tables import Column, Table

READING = Column("reading", "string", "all_traffic or people_only.")
# A place in a list moves whenever a neighbour does: its changes would bury those of the numbers.
_PLACES = ("rank", "_rank", "_rank_from_bottom")
_NUMBERS = ("bigint", "double", "decimal")


class Reading(StrEnum):
    """Which events count."""

    ALL_TRAFFIC = "all_traffic"
    PEOPLE_ONLY = "people_only"


class Period(StrEnum):
    """What a mart is computed again for when something changes: a day, a week named by its Monday, or all of it."""

    DAY = "day"
    WEEK = "week"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Mart:
    """One mart. `columns` are those of its query; the table has the reading before them.

    A day's rows may be made of other days too: of the `days_before` it and the `days_after` it. They are made of rows
    that are alike in the column `alike`, if there is one: of the other days, those of others need not be read.
    """

    name: str
    title: str
    good_for: str
    grain: str
    period: Period
    reads: tuple[str, ...]
    key: tuple[str, ...]
    order: str
    working: bool
    days_before: int
    days_after: int
    alike: str
    columns: tuple[Column, ...]
    sql: str

    @property
    def table(self) -> Table:
        """The table that holds both readings."""
        partition = None if self.period is Period.NONE else self.period.value
        return Table(name=self.name, grain=self.grain, columns=(READING, *self.columns), partition=partition)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the query's columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns whose changes are told: numbers that are no part of the key."""
        return tuple(
            column.name
            for column in self.columns
            if column.name not in self.key and column.type.startswith(_NUMBERS) and not column.name.endswith(_PLACES)
        )

    @property
    def tells_changes(self) -> bool:
        """Whether restatements are kept: of numbers that people have read, about the shop and not about one user."""
        return not self.working and "user_id" not in self.key

    def made_of(self, days: Iterable[date]) -> frozenset[date]:
        """Return all days that the rows of these days are made of."""
        return _around(days, before=self.days_before, after=self.days_after)

    def touched_by(self, days: Iterable[date]) -> frozenset[date]:
        """Return all days whose rows are made of these days."""
        return _around(days, before=self.days_after, after=self.days_before)

    def answer_sql(self, reading: Reading) -> str:
        """Return the query that lists one reading."""
        names = ", ".join(self.column_names)
        return f"SELECT {names}\nFROM {self.name}\nWHERE reading = '{reading}'\nORDER BY {self.order}"


def _around(days: Iterable[date], *, before: int, after: int) -> frozenset[date]:
    return frozenset(day + timedelta(days=n) for day in days for n in range(-before, after + 1))


@cache
def marts() -> tuple[Mart, ...]:
    """Return every mart, each behind those it reads."""
    folder = files(__package__)
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".sql")}
    return in_order(_mart(name.removesuffix(".sql"), sql) for name, sql in sorted(texts.items()))


def in_order(found: Iterable[Mart]) -> tuple[Mart, ...]:
    """Return the marts, each behind those it reads. Raises graphlib.CycleError."""
    by_name: Mapping[str, Mart] = {mart.name: mart for mart in found}
    reads = {name: sorted(set(mart.reads) & set(by_name)) for name, mart in by_name.items()}
    return tuple(by_name[name] for name in TopologicalSorter(reads).static_order())


def mart_named(name: str) -> Mart:
    """Return the mart of that name. Raises KeyError."""
    return {mart.name: mart for mart in marts()}[name]


def _mart(name: str, text: str) -> Mart:
    sql = Template(text).substitute(placeholders())
    header = read_header(sql)
    return Mart(
        name=name,
        title=header.one("title"),
        good_for=header.one("good for"),
        grain=header.one("grain"),
        period=Period(header.one("period")),
        reads=tuple(header.one("reads").split()),
        key=tuple(header.one("key").split()),
        order=header.one("order"),
        working=header.one("working", "no") == "yes",
        days_before=int(header.one("days before", "0")),
        days_after=int(header.one("days after", "0")),
        alike=header.one("alike", ""),
        columns=tuple(_column(text) for text in header.every("column")),
        sql=sql.rstrip(),
    )


def _column(text: str) -> Column:
    what, _, meaning = text.partition(": ")
    name, kind = what.split()
    return Column(name, kind, meaning)
