"""Building marts by what changed gives the same tables and the same restatements from DuckDB and from Spark."""

import os
from dataclasses import replace
from pathlib import Path

from lake_rig import NOW, Lake, embedded, new_bucket, put
from small_shop import Delivery, incidents, small_shop

from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.withdraw import withdraw

TOLD = "SELECT * FROM restatements ORDER BY restatement_id"


def test_both_engines_build_by_what_changed_alike(spark_settings, s3, tmp_path: Path):
    """A first build, late events with late verdicts, and a verdict withdrawn."""
    bucket = new_bucket()
    chosen = replace(spark_settings, raw_bucket=bucket, database="changes")
    spark = Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ))
    duckdb = embedded(bucket, tmp_path)
    deliveries = small_shop(1)
    for part in (deliveries[:3], deliveries[3:]):
        _build(part, duckdb, spark)
    for lake in (duckdb, spark):
        withdraw(lake.engine, incidents(deliveries)[0], because="a test of the shop's own", at=NOW)
    _build([], duckdb, spark)


def _build(deliveries: list[Delivery], duckdb: Lake, spark: Lake) -> None:
    for delivery in deliveries:
        put(duckdb.settings.raw_bucket, delivery.object_key, delivery.content)
    for lake in (duckdb, spark):
        lake.curate()
        lake.build()
    assert spark.marts() == duckdb.marts()
    assert spark.rows(TOLD) == duckdb.rows(TOLD)
