"""Puts a question to the lake through either engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from glue_jobs.changes import week_of
from glue_jobs.engine import Answer, Engine, day_literal, is_text
from glue_jobs.marts import Period, Reading
from glue_jobs.questions import Question, questions


class QuestionError(ValueError):
    """A question that cannot be asked like this; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What of an answer is wanted: which reading, from and to which day, both included, and how many rows."""

    reading: Reading = Reading.ALL_TRAFFIC
    from_day: date | None = None
    to_day: date | None = None
    limit: int | None = None


def question_named(name: str) -> Question:
    """Return the question of that name. Raises QuestionError listing those there are."""
    known = questions()
    if name not in known:
        raise QuestionError(f"no question {name!r}: there are {', '.join(known)}")
    return known[name]


def ask(engine: Engine, name: str, values: Sequence[str] = (), *, wish: Wish | None = None) -> Answer:
    """Answer the question of that name. Raises QuestionError for one that cannot be asked like this."""
    question = question_named(name)
    if len(values) != len(question.asks):
        wanted = " ".join(f"<{what}>" for what in question.asks) or "nothing more"
        raise QuestionError(f"{name} asks for {wanted}: {len(values)} given")
    if garbled := [value for value in values if not is_text(value)]:
        raise QuestionError(f"{garbled[0]!r} is no UTF-8: it names nothing in the lake")
    return engine.ask(_sql(question, wish or Wish()), values)


def _sql(question: Question, wish: Wish) -> str:
    if question.mart is None:
        if wish.reading is Reading.PEOPLE_ONLY:
            raise QuestionError(f"{question.name} is about records, not about people: ask it without --people-only")
        sql, order = question.sql, ""
    else:
        sql, order = question.mart.answer_sql(wish.reading), f" ORDER BY {question.mart.order}"
    conditions = list(_within(question, wish))
    if conditions:
        sql = f"SELECT * FROM ({sql}) AS answer WHERE {' AND '.join(conditions)}{order}"
    return sql if wish.limit is None else f"SELECT * FROM ({sql}) AS answer{order} LIMIT {wish.limit:d}"


def _within(question: Question, wish: Wish) -> list[str]:
    if wish.from_day is None and wish.to_day is None:
        return []
    if question.period is None:
        raise QuestionError(f"{question.name} has no day to choose by: ask it without --from and --to")
    first = wish.from_day
    if first is not None and question.mart is not None and question.mart.period is Period.WEEK:
        first = week_of(first)  # a week is called by its Monday, and the one that the day lies in is asked for
    bounds = ((">=", first), ("<=", wish.to_day))
    return [f"{question.period} {sign} {day_literal(day)}" for sign, day in bounds if day is not None]
