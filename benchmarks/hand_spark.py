"""The five questions as plain Spark over the lake's own files: the hand-written queries, in Spark's words.

Spark is started before the clock: what is measured is the work, not the start of a Java machine.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlglot

from benchmarks.hand_duckdb import QUERIES
from benchmarks.local_spark import session
from benchmarks.timing import Stopwatch


def run(files: Sequence[str], answers: Path) -> dict[str, Any]:
    """Answer all five from the files and write each answer as Parquet; return the seconds of each."""
    spark = session({"spark.sql.session.timeZone": "UTC"})
    spark.read.parquet(*files).createOrReplaceTempView("events")
    watch = Stopwatch()
    for name, query in QUERIES.items():
        in_sparks_words = sqlglot.transpile(query, read="duckdb", write="spark")[0]
        with watch.step(name):
            spark.sql(in_sparks_words).write.parquet(str(answers / name))
    spark.stop()
    return watch.seconds_by_step()
