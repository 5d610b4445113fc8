"""Upkeep leaves fewer files and a shorter past, and every row as it was."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake_rig import Lake, Saved, embedded, new_bucket, put

from commerce.event import Event, to_line
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import EVENTS, REJECTS, RUNS
from glue_jobs.upkeep import Upkeep, every_table

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
DAYS_AGO = 24 * 3600


def upkeep(lake: Lake, *, later: timedelta = timedelta(0)) -> dict[str, int]:
    """Keep the lake up as it would be done so much later."""
    clock = lambda: datetime.now(UTC) + later  # noqa: E731
    return Upkeep(engine=lake.engine, settings=lake.settings, clock=clock).run()


def many_small_objects(bucket: str, objects: int = 6) -> None:
    """Put objects with events of one day and of the next, a reject each."""
    for number in range(objects):
        events = [
            Event(
                event_id=f"e{number}-{day}",
                event_time=datetime(2019, 10, day, number, tzinfo=UTC),
                event_type="view",
                product_id="1",
                price="1.00",
                user_id=f"u{number}",
            )
            for day in (1, 2)
        ]
        lines = [*map(to_line, events), b"no event"]
        put(bucket, f"raw/events/2019/10/0{number + 2}/01/x.gz", b"\n".join(lines))


@pytest.fixture(scope="module")
def saved(s3, tmp_path_factory) -> Saved:
    """Return a lake in which each object came by itself."""
    folder = tmp_path_factory.mktemp("upkeep")
    lake = embedded(new_bucket(), folder / "lake", batch_megabytes=0)
    many_small_objects(lake.settings.raw_bucket)
    lake.curate()
    return Saved.of(lake, folder / "saved")


def reopened(lake: Lake, **settings: Any) -> Lake:
    """Return the lake as another process finds it."""
    return embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse), **settings)


def iceberg(lake: Lake, name: str) -> Any:
    return lake.engine._iceberg(next(table for table in every_table() if table.name == name))


def files_on_disk(lake: Lake, name: str, suffix: str = ".parquet") -> set[str]:
    folder = Path(iceberg(lake, name).location().removeprefix("file://"))
    return {str(path) for path in folder.rglob(f"*{suffix}")}


def test_upkeep_changes_no_row_and_computes_no_mart_again(saved):
    """It may run at any time, between any two jobs."""
    lake = saved.again()
    lake.build()
    tables, marts = lake.tables(), lake.marts()
    account = upkeep(lake, later=timedelta(days=30))
    assert account["files_after"] < account["files_before"]
    assert account["snapshots_expired"] > 0
    assert lake.tables() == tables
    assert lake.marts() == marts
    assert lake.build() == {"days": 0, "restatements": 0}
    again = reopened(lake)
    assert again.tables() == tables
    assert again.marts() == marts


def test_each_partition_with_many_small_files_becomes_one_file(saved):
    """A question opens every file; a hundred of a kilobyte cost more than one of a megabyte."""
    lake = saved.again()
    assert [lake.engine.count_files(table) for table in (EVENTS, REJECTS, RUNS)] == [12, 6, 6]
    upkeep(lake)
    assert [lake.engine.count_files(table) for table in (EVENTS, REJECTS, RUNS)] == [2, 1, 1]
    assert upkeep(lake)["files_deleted"] == 0  # nothing is left to do


@pytest.mark.parametrize("settings", [{"small_files": 7}, {"small_file_megabytes": 0}])
def test_few_files_and_large_ones_are_left_alone(settings, saved):
    """Writing them anew would cost more than it saves."""
    lake = saved.again(**settings)
    before = files_on_disk(lake, "events")
    upkeep(lake)
    assert lake.engine.count_files(EVENTS) == 12
    assert files_on_disk(lake, "events") == before


def test_the_past_is_kept_for_a_week(saved):
    """Whoever has to find out what a number was made of last week can look."""
    lake = saved.again()
    before, files = len(iceberg(lake, "events").snapshots()), files_on_disk(lake, "events")
    upkeep(lake, later=timedelta(days=6))
    assert len(iceberg(lake, "events").snapshots()) == before + 1
    assert files_on_disk(lake, "events") > files


def test_what_is_older_goes_but_for_the_latest_few(saved):
    """A lake that is written once a month still has a past; what only older snapshots had is deleted."""
    lake = saved.again()
    oldest = iceberg(lake, "events").snapshots()[0].snapshot_id
    upkeep(lake, later=timedelta(days=8))
    events = iceberg(lake, "events")
    assert len(events.snapshots()) == 5
    assert events.snapshot_by_id(oldest) is None
    for snapshot in events.snapshots():  # each that is left can still be read
        assert events.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows > 0
    settings = {"snapshots_kept": 1, "snapshot_days": 0}
    lake = reopened(lake, **settings)
    account = upkeep(lake, later=timedelta(minutes=1))
    now = {file["file_path"].removeprefix("file://") for file in iceberg(lake, "events").inspect.files().to_pylist()}
    assert account["snapshots_expired"] >= 4
    assert files_on_disk(lake, "events") == now
    assert len(now) == 2


def test_files_that_nothing_names_go_when_they_are_three_days_old(saved):
    """A job that died left them. Younger ones may be those of a job that still writes."""
    lake = saved.again()
    folder = Path(iceberg(lake, "events").location().removeprefix("file://"))
    young, old, odd = (
        folder / "data" / "young.parquet",
        folder / "data" / "old.parquet",
        folder / "metadata" / "odd.avro",
    )
    for path in (young, old, odd):
        path.write_bytes(b"x")
    for path in folder.rglob("*"):
        if path != young and path.is_file():
            os.utime(path, times=(time.time() - 4 * DAYS_AGO,) * 2)
    tables = lake.tables()
    assert upkeep(lake)["files_deleted"] == 2
    assert (young.exists(), old.exists(), odd.exists()) == (True, False, False)
    assert reopened(lake).tables() == tables


def test_files_between_snapshots_that_stay_are_never_deleted(saved):
    """A file that a snapshot in the middle still names is needed, whatever came before and after."""
    lake = saved.again(snapshots_kept=3, snapshot_days=0)
    lake.engine.delete(EVENTS, "user_id", ["u0"])
    lake.engine.delete(EVENTS, "user_id", ["u1"])
    upkeep(lake, later=timedelta(minutes=1))
    events = iceberg(lake, "events")
    for snapshot in events.snapshots():
        assert events.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows in (8, 10, 12)
    assert lake.rows("SELECT COUNT(*) AS events FROM events") == [{"events": 8}]


def test_an_expiry_that_died_is_completed_by_the_next(saved, monkeypatch):
    """Rows are deleted before the snapshots that name them: nothing is left that nobody can find."""
    from pyiceberg.table.update.snapshot import ExpireSnapshots

    lake = saved.again(snapshots_kept=1, snapshot_days=0)
    with monkeypatch.context() as patch:
        patch.setattr(ExpireSnapshots, "commit", lambda _self: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            upkeep(lake, later=timedelta(minutes=1))
    tables = lake.tables()
    lake = reopened(lake, snapshots_kept=1, snapshot_days=0)
    upkeep(lake, later=timedelta(minutes=1))
    now = {file["file_path"].removeprefix("file://") for file in iceberg(lake, "events").inspect.files().to_pylist()}
    assert files_on_disk(lake, "events") == now
    assert lake.tables() == tables


def test_the_same_happens_on_s3_with_glues_catalog(s3):
    """A shop may run the embedded engine in AWS; files are listed and deleted there by other names than on disk."""
    bucket, warehouse, client = new_bucket(), new_bucket(), boto3.client("s3")
    chosen = LakeSettings(
        raw_bucket=bucket,
        warehouse=f"s3://{warehouse}/warehouse",
        database="shop",
        engine="duckdb",
        catalog="glue",
        batch_megabytes=0,
        small_files=2,
        snapshot_days=0,
        snapshots_kept=1,
    )
    many_small_objects(bucket, objects=2)
    lake = Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ))
    lake.curate()
    tables, folder = lake.tables(), iceberg(lake, "events").location().removeprefix(f"s3://{warehouse}/")
    client.put_object(Bucket=warehouse, Key=f"{folder}/data/stray.parquet", Body=b"x")
    job = Upkeep(
        engine=lake.engine, settings=chosen, clock=lambda: datetime.now(UTC) + timedelta(days=4), tables=[EVENTS]
    )
    job.run()
    listed = client.list_objects_v2(Bucket=warehouse, Prefix=f"{folder}/data/")["Contents"]
    assert lake.engine.count_files(EVENTS) == len([entry for entry in listed if entry["Size"]]) == 2
    assert lake.tables() == tables
