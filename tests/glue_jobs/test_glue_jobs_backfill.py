"""Taking days anew gives the tables that were there, and puts right what had gone wrong in them."""

import os
from datetime import date
from pathlib import Path

import pytest
from lake_rig import Lake, Saved, embedded, new_bucket, put
from small_shop import small_shop

from glue_jobs.jobs import JobError, run_job
from glue_jobs.marts import mart_named
from glue_jobs.raw import RawBucket
from glue_jobs.settings import Order

pytestmark = pytest.mark.usefixtures("few_marts_throughout")


@pytest.fixture(scope="module")
def saved(s3, tmp_path_factory) -> Saved:
    """Return a small shop's lake, built."""
    folder = tmp_path_factory.mktemp("backfill")
    lake = embedded(new_bucket(), folder / "lake")
    for delivery in small_shop(3):
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)
    lake.curate()
    lake.build()
    return Saved.of(lake, folder / "saved")


@pytest.fixture
def lake(saved) -> Lake:
    """Return that lake as it was built."""
    return saved.again()


def backfill(lake: Lake, first: str, last: str) -> dict[str, int]:
    return run_job("backfill", settings=lake.settings, order=Order(from_day=first, to_day=last), environment=os.environ)


def reopened(lake: Lake) -> Lake:
    return embedded(lake.settings.raw_bucket, lake.settings.warehouse)


def test_days_taken_anew_give_the_same_tables(lake):
    """Nothing is lost, doubled or counted differently, and no number is said to have changed."""
    tables, marts = lake.tables(), lake.marts()
    account = backfill(lake, "2019-10-05", "2019-10-06")
    assert account["objects"] == 2
    again = reopened(lake)
    assert again.tables() == tables
    assert again.marts() == marts
    assert again.rows("SELECT * FROM restatements") == []


def test_what_a_day_lacked_is_there_afterwards(lake):
    """An object repaired in place was taken as it was; to take it anew puts the events and the numbers right."""
    key = "raw/events/2019/10/05/23/a.jsonl.gz"
    line = b'{"event_id":"new","event_time":"2019-10-05T12:00:00.000Z","event_type":"view","product_id":"1",'
    line += b'"price":"1.00","user_id":"somebody-new"}'
    (lost,) = (d for d in small_shop(3) if d.object_key == key)
    put(lake.settings.raw_bucket, key, lost.content + line + b"\n")
    lake.curate()
    assert lake.rows("SELECT * FROM events WHERE event_id = 'new'") == []
    backfill(lake, "2019-10-05", "2019-10-05")
    again = reopened(lake)
    assert len(again.rows("SELECT * FROM events WHERE event_id = 'new'")) == 1
    told = again.rows("SELECT * FROM restatements WHERE mart = 'daily_visitors' AND number = 'visitors'")
    assert {(int(row["now"]) - int(row["was"]), row["cause"]) for row in told} == {(1, "events")}


def test_a_day_on_which_nothing_arrived_is_computed_again_too(s3: str, tmp_path: Path) -> None:
    """Its events came late, and its numbers are what is to be put right."""
    lake = embedded(new_bucket(), tmp_path)
    line = b'{"event_id":"late","event_time":"2019-10-05T12:00:00.000Z","event_type":"view","product_id":"1",'
    put(lake.settings.raw_bucket, "raw/events/2019/10/07/00/a.gz", line + b'"price":"1.00","user_id":"u"}')
    lake.curate()
    lake.build()
    marts, table = lake.marts(), mart_named("daily_visitors").table
    lake.engine.replace_where(table, "SELECT * FROM daily_visitors WHERE 1 = 0", "day", [date(2019, 10, 5)])
    assert backfill(lake, "2019-10-05", "2019-10-05")["objects"] == 0
    assert reopened(lake).marts() == marts


def test_days_that_are_none_or_in_the_wrong_order_are_refused(lake):
    """Before anything is deleted."""
    tables = lake.tables()
    for first, last in (("yesterday", "2019-10-05"), ("2019-10-06", "2019-10-05")):
        with pytest.raises(JobError):
            backfill(lake, first, last)
    assert reopened(lake).tables() == tables


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("9999-12-31", "9999-12-31"),
        ("0001-01-01", "9999-12-31"),
        ("2019-10-06", "2031-01-01"),
        ("2019-10-05", "2019-10-06"),
    ],
)
def test_a_stretch_of_days_costs_what_is_known_of_it(lake, monkeypatch, first, last):
    """Years in which there was no shop are neither computed nor listed day by day, to the ends of the calendar."""
    listed = []
    objects_of = RawBucket.objects
    monkeypatch.setattr(RawBucket, "objects", lambda raw, prefix: listed.append(prefix) or objects_of(raw, prefix))
    known = {row["day"].isoformat() for row in lake.rows("SELECT day FROM built_days")}
    within = {day for day in known if first <= day <= last}
    tables, marts = lake.tables(), lake.marts()
    account = backfill(lake, first, last)
    arrived = [delivery.key[:10].replace("/", "-") for delivery in small_shop(3) if delivery.feed == "events"]
    assert account["objects"] == sum(first <= day <= last for day in arrived)
    assert len(within) <= account["days"] <= (len(known) if within else 0)  # sessions may have begun the day before
    assert len(listed) == 4  # each feed once to know what arrived then, once to take it
    again = reopened(lake)
    assert again.tables() == tables
    assert again.marts() == marts
