"""Building marts by what changed gives the same tables and the same restatements from DuckDB and from Spark."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from lake_rig import NOW, Lake, embedded, new_bucket, put
from small_shop import BEGIN, Delivery, incidents, small_shop
from verdicts_rig import EVENTS, TAKEN_OUT, incident

from commerce.incident import to_line
from glue_jobs.asking import Wish, ask
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import NO_NETWORKS
from glue_jobs.withdraw import withdraw

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
TOLD = "SELECT * FROM restatements ORDER BY restatement_id"


def test_both_engines_build_by_what_changed_alike(spark_settings, s3, tmp_path: Path):
    """A first build; then, at once, late events, late verdicts and a verdict withdrawn."""
    bucket = new_bucket()
    chosen = replace(spark_settings, raw_bucket=bucket, database="changes")
    lakes = (
        embedded(bucket, tmp_path),
        Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ)),
    )
    deliveries = small_shop(2)
    _deliver(bucket, deliveries[:6])
    for lake in lakes:
        lake.curate()
        lake.build()
    _deliver(bucket, deliveries[6:])
    for lake in lakes:
        lake.curate()
        withdraw(lake.engine, incidents(deliveries[:6])[0], because="it was the warehouse's scanner", at=NOW)
        lake.build()
    duckdb, spark = lakes
    assert spark.marts() == duckdb.marts()
    assert spark.rows(TOLD) == duckdb.rows(TOLD)
    of_a_day = Wish(from_day=BEGIN.date(), to_day=BEGIN.date())
    for wish in (Wish(), of_a_day):
        one, other = (ask(lake.engine, "restatements", wish=wish).rows for lake in lakes)
        assert one == other != []
    assert ask(spark.engine, "verdicts").rows == ask(duckdb.engine, "verdicts").rows != []
    assert {row["cause"] for row in duckdb.rows(TOLD)} == {"events", "verdict", "verdict and events"}


def test_both_engines_take_out_the_judged_and_the_welcome_alike(spark_settings, s3, tmp_path: Path):
    """A join that drops events without a session or an address on one of them would drop most of some shops.

    Networks of welcome automata are one pattern, which each reads with a library of its own; naming them is told.
    """
    bucket = new_bucket()
    judged = b"\n".join(to_line(incident(*subject)) for subject in TAKEN_OUT)
    put(bucket, "raw/events/2019/10/03/00/a.gz", b"\n".join(json.dumps(event).encode() for event in EVENTS))
    put(bucket, "raw/incidents/2019/10/03/00/a.gz", judged)
    told = []
    for networks in (NO_NETWORKS, ("192.0.2.8/32", "192.0.2.128/25")):
        chosen = replace(spark_settings, raw_bucket=bucket, database="taken_out", known_networks=networks)
        lakes = (
            embedded(bucket, tmp_path, known_networks=networks),
            Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ)),
        )
        for lake in lakes:
            lake.curate()
            lake.build()
        duckdb, spark = lakes
        assert spark.marts() == duckdb.marts()
        assert spark.rows(TOLD) == duckdb.rows(TOLD)
        assert ask(spark.engine, "verdicts").rows == ask(duckdb.engine, "verdicts").rows
        assert len(ask(duckdb.engine, "verdicts").rows) == len(TAKEN_OUT)
        for subject in TAKEN_OUT:
            one, other = (ask(lake.engine, "incident_events", [incident(*subject).incident_id]) for lake in lakes)
            assert (one.columns, one.rows) == (other.columns, other.rows)
            assert len(one.rows) == len(TAKEN_OUT[subject])
        told.append({row["cause"] for row in duckdb.rows(TOLD)})
    assert told == [set(), {"setting"}]


def _deliver(bucket: str, deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        put(bucket, delivery.object_key, delivery.content)
