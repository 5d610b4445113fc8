"""Two engines, one answer: the same raw objects give the same tables, marts and answers from DuckDB and Spark."""

import os
from dataclasses import replace

import pytest
from lake_rig import SCENARIOS, Lake, deliver, embedded, expected, found, new_bucket

from glue_jobs.asking import ask
from glue_jobs.engine import open_engine
from glue_jobs.questions import questions
from glue_jobs.raw import RawBucket

COMPARED_ELSEWHERE = {
    "curate_runs": "a run's id is its own: the sums are compared with the tables",
    "restatements": "compared where something is restated: test_parity_build",
    "verdicts": "compared where there are verdicts: test_parity_build",
}
VALUES = {"incident_events": ["i1"], "user_history": ["u2"]}


class Killed(Exception):
    """Stands for a cluster that goes away."""


def kill(step: str) -> None:
    if step == "events: events":
        raise Killed(step)


@pytest.fixture(scope="module")
def bucket(s3) -> str:
    """Return a bucket with every scenario in it."""
    name = new_bucket()
    for scenario in SCENARIOS:
        deliver(name, scenario)
    return name


@pytest.fixture(scope="module")
def from_duckdb(bucket, tmp_path_factory) -> Lake:
    """Return the lake that DuckDB makes of it."""
    lake = embedded(bucket, tmp_path_factory.mktemp("duckdb"))
    lake.curate()
    lake.build()
    return lake


@pytest.fixture(scope="module")
def from_spark(bucket, spark_settings) -> Lake:
    """Return the lake that Spark makes of it, killed once between events and rejects and run again."""
    lake = spark_lake(spark_settings, bucket, database="all")
    with pytest.raises(Killed):
        lake.curate(kill)
    lake.curate()
    lake.build()
    return lake


def spark_lake(settings, bucket: str, *, database: str) -> Lake:
    chosen = replace(settings, raw_bucket=bucket, database=database)
    return Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ))


def test_both_engines_make_the_same_tables(from_duckdb, from_spark):
    """A shop that outgrows one machine must not see its past change, a killed run included."""
    assert from_spark.tables() == from_duckdb.tables()
    assert from_spark.marts() == from_duckdb.marts()


@pytest.mark.parametrize("name", sorted(questions()))
def test_both_engines_answer_a_question_alike(name, from_duckdb, from_spark):
    """A question is written once; the translation must not change its answer."""
    if name in COMPARED_ELSEWHERE:
        pytest.skip(COMPARED_ELSEWHERE[name])
    one, other = (ask(lake.engine, name, VALUES.get(name, [])) for lake in (from_duckdb, from_spark))
    assert one.columns == other.columns
    assert one.rows == other.rows
    assert one.rows or questions()[name].mart, "the scenarios have no row that tells the engines apart"


def test_spark_gives_the_tables_that_a_scenario_says(few_marts, spark_settings, s3):
    """Two engines could agree on the same mistake; this one is held to the written expectation."""
    name = new_bucket()
    deliver(name, "incidents")
    lake = spark_lake(spark_settings, name, database="incidents")
    lake.curate()
    lake.build()
    assert found(lake) == expected("incidents")


def test_a_lake_that_nobody_has_filled_answers_with_nothing(spark_settings, s3):
    """A question on the first day is no error."""
    lake = spark_lake(spark_settings, new_bucket(), database="nobody")
    assert ask(lake.engine, "daily_visitors").rows == []
