"""The ledger of a lake is the same whichever engine reads it: what balances, and what is named where it does not."""

import os
from dataclasses import replace

import pytest
from lake_rig import Lake, deliver, embedded, new_bucket

from commerce.arrival import Hours
from glue_jobs.engine import open_engine
from glue_jobs.ledger import LakeLedger
from glue_jobs.raw import RawBucket
from glue_jobs.tables import EVENTS, REJECTS, Table

SCENARIOS = ("one_day", "resent_and_late", "incidents")


@pytest.fixture
def lakes(spark_settings, s3, tmp_path) -> tuple[Lake, Lake]:
    """Return the same shop's lake of either engine."""
    bucket = new_bucket()
    for scenario in SCENARIOS:
        deliver(bucket, scenario)
    settings = replace(spark_settings, raw_bucket=bucket, database="ledger")
    other = Lake(settings, open_engine(settings, raw=RawBucket(name=bucket), environment=os.environ))
    both = (embedded(bucket, tmp_path), other)
    for lake in both:
        lake.curate()
    return both


def told(lake: Lake) -> list[str]:
    raw = RawBucket(name=lake.settings.raw_bucket)
    found = LakeLedger(engine=lake.engine, raw=raw, settings=lake.settings).account(Hours())
    return [f"{found.counts()}", *map(str, found.differences)]


def alter(lake: Lake, table: Table, column: str, value: str) -> None:
    columns = ", ".join(f"{value} AS {name}" if name == column else name for name in table.column_names)
    lake.engine.hold("altered", f"SELECT {columns} FROM {table.name}")
    lake.engine.replace(table, "SELECT * FROM altered")


def test_both_engines_tell_the_same_ledger(lakes):
    """A shop that outgrows one machine has no fewer records to lose."""
    one, other = map(told, lakes)
    assert one == other
    assert len(one) == 1
    for lake in lakes:
        alter(lake, EVENTS, "price", "price + 1")
        alter(lake, REJECTS, "reason", "'other'")
        lake.engine.append(EVENTS, "SELECT * FROM events WHERE event_id = (SELECT MIN(event_id) FROM events)")
    one, other = map(told, lakes)
    assert one == other
    assert len(one) == 1 + 4, "events, rejects, one event twice, and the account of its object"
