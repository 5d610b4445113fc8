"""The five questions that everybody is asked, and how to tell that two answers are the same.

A way to answer is only compared with others that give the same rows: a fast wrong answer is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question by the mart that answers it. `columns` are compared, all of them exact: no shares, no doubles."""

    name: str
    columns: tuple[str, ...]


QUESTIONS = tuple(
    Question(name=name, columns=tuple(columns.split()))
    for name, columns in (
        ("daily_visitors", "day visitors visits events views carts purchases revenue"),
        ("funnel", "day level category brand viewers carters buyers all_carters all_buyers views carts purchases"),
        ("brand_ranking", "week category brand views carts purchases revenue rank"),
        (
            "product_performance",
            "product_id category brand views carts purchases revenue "
            "revenue_rank revenue_rank_from_bottom conversion_rank conversion_rank_from_bottom",
        ),
        ("rfm", "user_id recency_days orders revenue score segment"),
    )
)
# What the five marts are built from.
BUILDING_BLOCKS = ("sessions", "user_days", "product_days")
MARTS = (*BUILDING_BLOCKS, *(question.name for question in QUESTIONS))
_AS_ONE_TYPE = {"day": "DATE", "week": "DATE", "revenue": "DECIMAL(18, 2)"}


def fingerprints(folder: Path) -> dict[str, str]:
    """Return the fingerprint of each answer that lies in the folder as Parquet, one folder or file a question."""
    return {question.name: fingerprint(question, folder / question.name) for question in QUESTIONS}


def fingerprint(question: Question, place: Path, *, where: str = "true") -> str:
    """Return the number of rows and a sum of their hashes: equal for the same rows in any order."""
    return _fingerprint([f"CAST({name} AS {_type(name)})" for name in question.columns], place, where)


def table_fingerprint(columns: Sequence[str], place: Path) -> str:
    """Return the same of all rows of a table, to the last digit, in the table's own types."""
    return _fingerprint(columns, place, "true") if any(place.rglob("*.parquet")) else "0 rows"


def _fingerprint(columns: Sequence[str], place: Path, where: str) -> str:
    cells = ", ".join(f"CAST({column} AS VARCHAR)" for column in columns)
    source = f"read_parquet('{place}/**/*.parquet', hive_partitioning = false)"
    with duckdb.connect() as connection:
        rows, total = connection.sql(
            f"SELECT COUNT(*), COALESCE(SUM(CAST(hash({cells}) AS HUGEINT)), 0) FROM {source} WHERE {where}"
        ).fetchall()[0]
    return f"{rows} rows, {total:x}"


def _type(name: str) -> str:
    texts = ("level", "category", "brand", "product_id", "user_id", "score", "segment")
    return _AS_ONE_TYPE.get(name, "VARCHAR" if name in texts else "BIGINT")
