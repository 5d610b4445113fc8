"""The named queries, read by Athena as they stand and answered here by either engine.

Every mart is a question, in both readings. The others are SQL files of their own, for whoever looks into an incident
or checks the account; a file's header says its `title`, what it is `good for`, for each ? in it what it `asks`, and
its `period`, the column of days to choose by, if it has one.
This module only declares them: the stacks read it to make Athena's queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from glue_jobs.headers import read_header
from glue_jobs.marts import Mart, Period, Reading, marts


@dataclass(frozen=True, kw_only=True)
class Question:
    """One named query. `mart` is the mart it lists, None for a query of its own.

    `period` is the column that names a row's day or week, where the answer has one.
    """

    name: str
    title: str
    good_for: str
    asks: tuple[str, ...]
    sql: str
    period: str | None = None
    mart: Mart | None = None

    def athena_queries(self) -> Iterator[tuple[str, str, str]]:
        """Yield name, title and SQL of each query to save in Athena: a mart has one a reading."""
        yield self.name, self.title, self.sql
        if self.mart is not None:
            people = Reading.PEOPLE_ONLY
            yield f"{self.name}_{people}", f"{self.title}, people only", self.mart.answer_sql(people)


@cache
def questions() -> dict[str, Question]:
    """Return every question by its name, in order of the names."""
    asked = [_of_mart(mart) for mart in marts() if not mart.working]
    folder = files("glue_jobs") / "queries"
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            asked.append(_of_file(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")))
    return {question.name: question for question in sorted(asked, key=lambda question: question.name)}


def _of_mart(mart: Mart) -> Question:
    return Question(
        name=mart.name,
        title=mart.title,
        good_for=mart.good_for,
        asks=(),
        sql=mart.answer_sql(Reading.ALL_TRAFFIC),
        period=None if mart.period is Period.NONE else mart.period.value,
        mart=mart,
    )


def _of_file(name: str, sql: str) -> Question:
    header = read_header(sql)
    return Question(
        name=name,
        title=header.one("title"),
        good_for=header.one("good for"),
        asks=header.every("asks"),
        sql=sql,
        period=header.one("period", "") or None,
    )
