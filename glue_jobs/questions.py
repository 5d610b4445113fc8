"""The named queries: one SQL file each, read by Athena as it stands and answered here by either engine.

A file begins with comment lines `title:`, `good for:` and, for each ? in it, `asks:` with what to put there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from glue_jobs.engine import Answer, Engine


class QuestionError(ValueError):
    """A question that cannot be asked like this; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One named query."""

    name: str
    title: str
    good_for: str
    asks: tuple[str, ...]
    sql: str


def questions() -> dict[str, Question]:
    """Return every question by its name."""
    folder = files("glue_jobs") / "queries"
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".sql")}
    return {file.removesuffix(".sql"): _question(file.removesuffix(".sql"), texts[file]) for file in sorted(texts)}


def ask(engine: Engine, name: str, values: Sequence[str] = ()) -> Answer:
    """Answer the question of that name. Raises QuestionError for an unknown name or missing values."""
    known = questions()
    if name not in known:
        raise QuestionError(f"no question {name!r}: there are {', '.join(known)}")
    question = known[name]
    if len(values) != len(question.asks):
        wanted = " ".join(f"<{what}>" for what in question.asks) or "nothing more"
        raise QuestionError(f"{name} asks for {wanted}: {len(values)} given")
    return engine.ask(question.sql, values)


def _question(name: str, sql: str) -> Question:
    header = [line.removeprefix("-- ").partition(": ") for line in sql.splitlines() if line.startswith("-- ")]
    told = {key: text for key, _, text in header}
    asks = tuple(text for key, _, text in header if key == "asks")
    return Question(name=name, title=told["title"], good_for=told["good for"], asks=asks, sql=sql)
