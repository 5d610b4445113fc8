"""Two engines, one row: every mart is the same from DuckDB and from Spark, over the golden shop and a made-up one."""

import os
import random
from dataclasses import replace
from typing import Any

import pytest
from lake_rig import embedded
from marts_rig import Made, events_in, golden_events, make_marts

from glue_jobs.engine import open_engine
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket
from simulator.generate import records
from simulator.options import Options

NAMES = sorted(mart.name for mart in marts())
FORGETTABLE = ("category_code", "category_id", "brand", "user_agent")


def made_up_events() -> list[dict[str, Any]]:
    """Return sixteen days of a made-up shop that tracks only some of its users and forgets to send this and that."""
    options = Options(seed=3, hours=16 * 24, events=3_000, attacks={"request_flood": 1}, sale=False)
    events = events_in(record.data for record in records(options))
    rng = random.Random(5)
    untracked = {user_id for user_id in sorted({event["user_id"] for event in events}) if rng.random() < 0.4}
    for event in events:
        event.update({name: None for name in FORGETTABLE if rng.random() < 0.05})
        event["user_session"] = None if event["user_id"] in untracked else event["user_session"]
    return events


EVENTS = {"golden": golden_events, "made up": made_up_events}


@pytest.fixture(scope="module", params=EVENTS)
def events(request) -> list[dict[str, Any]]:
    return EVENTS[request.param]()


@pytest.fixture(scope="module")
def from_duckdb(events, tmp_path_factory) -> dict[str, Made]:
    return make_marts(embedded("raw", tmp_path_factory.mktemp("duckdb")).engine, events)


@pytest.fixture(scope="module")
def from_spark(events, spark_settings) -> dict[str, Made]:
    settings = replace(spark_settings, database="marts_rig")
    return make_marts(open_engine(settings, raw=RawBucket(name="raw"), environment=os.environ), events)


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_make_the_same_mart(name, from_duckdb, from_spark):
    """A query is written once; neither the translation nor the other engine's arithmetic may change a row."""
    assert from_spark[name].columns == from_duckdb[name].columns
    assert from_spark[name].texts() == from_duckdb[name].texts()


def test_each_mart_has_rows_to_compare(from_duckdb):
    """Two empty marts are equal, and prove nothing."""
    assert {name for name, made in from_duckdb.items() if not made.rows} == set()
