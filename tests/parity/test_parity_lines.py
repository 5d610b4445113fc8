"""DuckDB and Spark judge every nasty line exactly as the reference parser does, and read the same values."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from commerce.event import parse
from commerce.fields import EVENT_FIELDS
from commerce.rejects import REJECT_REASONS, Reject
from commerce.sql import duckdb as duckdb_sql
from commerce.sql import spark as spark_sql

LINES = Path(__file__).parents[1] / "golden" / "lines" / "lines.jsonl"
ARRIVED_AT = datetime(2019, 10, 1, 1, tzinfo=UTC)
CASES = [json.loads(text) for text in LINES.read_text().splitlines()]
RAW = [base64.b64decode(case["line_base64"]) for case in CASES]
WANTED = {case["name"]: case["reason"] for case in CASES}
ORDERED = "ORDER BY number"


def answers(rows: list[dict]) -> dict:
    """Return by line's name its reason, or the values of its fields."""
    return {CASES[row["number"]]["name"]: _values(row) if row["reason"] is None else row["reason"] for row in rows}


def _values(row: dict) -> dict:
    values = {field.name: row[field.name] for field in EVENT_FIELDS}
    return {**values, "event_time": row["instant"].astimezone(UTC), "price": Decimal(row["price"])}


def reference() -> dict:
    read = {case["name"]: parse(line, arrived_at=ARRIVED_AT) for case, line in zip(CASES, RAW, strict=True)}
    return {name: e.reason if isinstance(e, Reject) else vars(e) for name, e in read.items()}


def test_the_reference_parser_gives_each_line_its_reason():
    """The file is the contract of four engines, this parser is the yardstick."""
    given = {name: value if isinstance(value, str) else None for name, value in reference().items()}
    assert given == WANTED


def test_every_reason_has_a_line():
    """A reason that no line shows could differ between engines unseen."""
    assert set(WANTED.values()) - {None} == set(REJECT_REASONS)


def test_duckdb_reads_each_line_as_the_reference_does():
    """DuckDB's JSON takes NaN and trailing commas, and the first of two equal keys, unless told otherwise."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    lines = pa.table(
        {
            "number": range(len(RAW)),
            "line": [raw.decode("utf-8", errors="replace") for raw in RAW],
            "arrived_at": pa.array([ARRIVED_AT] * len(RAW), pa.timestamp("us", "UTC")),
        }
    )
    connection.register("lines", lines)
    judged = duckdb_sql.judged_sql(lines="lines", carried=["number"])
    rows = connection.sql(f"{_with_instant(judged)} {ORDERED}").to_arrow_table().to_pylist()
    assert answers(rows) == reference()


@pytest.mark.usefixtures("spark_settings")
def test_spark_reads_each_line_as_the_reference_does():
    """Spark's JSON stops reading at the end of an object, and replaces half a surrogate pair."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    listed = [(number, raw, ARRIVED_AT) for number, raw in enumerate(RAW)]
    frame = session.createDataFrame(listed, "number INT, raw BINARY, arrived_at TIMESTAMP")
    frame.selectExpr("number", "arrived_at", "decode(raw, 'UTF-8') AS line").createOrReplaceTempView("nasty")
    judged = spark_sql.judged_sql(lines="nasty", carried=["number"], seal="0f3a")
    rows = [row.asDict() for row in session.sql(f"{_with_instant(judged)} {ORDERED}").collect()]
    assert answers(rows) == reference()


def _with_instant(judged: str) -> str:
    """Return the query without the instants of refused lines: Python has no year -2019."""
    names = ", ".join(field.name for field in EVENT_FIELDS)
    instant = "CASE WHEN reason IS NULL THEN event_time_parsed END AS instant"
    return f"SELECT number, reason, {names}, {instant} FROM ({judged}) AS judged_lines"
