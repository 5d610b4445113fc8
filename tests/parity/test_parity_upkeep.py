"""What forgets a user and keeps the lake small does through Spark's procedures what it does through our own."""

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from erasure_rig import NOW, RAW, USER, erase, fill, raw_objects, texts
from lake_rig import Lake, embedded, new_bucket

from glue_jobs.engine import open_engine
from glue_jobs.marts import mart_named
from glue_jobs.raw import RawBucket
from glue_jobs.tables import EVENTS, REJECTS, VERDICTS, Table
from glue_jobs.traces import Sought
from glue_jobs.upkeep import Upkeep
from glue_jobs.user_search import tables_with_users

USER_DAYS, SESSIONS = mart_named("user_days").table, mart_named("sessions").table
DAYS = (date(2019, 10, 1), date(2019, 10, 2))


def lake_of_spark(settings, bucket: str, database: str, **chosen) -> Lake:
    chosen = replace(settings, raw_bucket=bucket, database=database, **chosen)
    return Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ))


def add(lake: Lake, table: Table, *rows: dict[str, Any]) -> None:
    """Add rows of which only these columns are filled."""
    lake.engine.create(table)
    lake.engine.present("added", table.columns, [{name: row.get(name) for name in table.column_names} for row in rows])
    lake.engine.append(table, f"SELECT {', '.join(table.column_names)} FROM added")


def shop(lake: Lake) -> Lake:
    """Fill the lake; what the marts would hold of users is put there by hand, which is a hundred times quicker."""
    named_alike = b'"product_id": "' + USER.encode()
    fill(lake.settings.raw_bucket, {key: [n for n in lines if named_alike not in n] for key, lines in RAW.items()})
    lake.curate()
    users = (USER, "u2")
    whose = ({"subject_type": "user", "subject": user} for user in users)
    add(lake, VERDICTS, *({"incident_id": "i1", "taken_out_from": NOW, **subject} for subject in whose))
    add(lake, USER_DAYS, *({"reading": "all_traffic", "day": day, "user_id": user} for user in users for day in DAYS))
    return lake


@pytest.fixture(scope="module")
def erased(spark_settings, s3, tmp_path_factory) -> tuple[Lake, Lake]:
    """Return the same shop on Spark and on DuckDB after the erasure of a user, each with a raw bucket of its own."""
    spark = shop(lake_of_spark(spark_settings, new_bucket(), "erasure"))
    duckdb = shop(embedded(new_bucket(), tmp_path_factory.mktemp("erasure")))
    assert erase(spark) == erase(duckdb)
    return spark, duckdb


def test_both_engines_leave_the_same_tables_accounts_and_raw_objects(erased):
    """A shop that moves to Spark must not find that a promise was kept otherwise there."""
    spark, duckdb = erased
    assert spark.tables() == duckdb.tables()
    assert raw_objects(spark) == raw_objects(duckdb)
    for query in (
        "SELECT source_object, records, events, rejects, duplicates, event_days FROM runs ORDER BY source_object",
        "SELECT user_hash, events, rejects, other_rows, raw_objects, raw_records, event_days FROM erasures",
        "SELECT subject FROM verdicts",
        "SELECT day, user_id FROM user_days ORDER BY day",
    ):
        assert spark.rows(query) == duckdb.rows(query)


def test_spark_leaves_one_snapshot_and_no_file_that_tells_of_the_user(erased):
    """Neither the rows of the past nor the bounds that Iceberg notes beside each file."""
    spark, _ = erased
    sought = Sought(user_id=USER)
    folder = Path(spark.settings.warehouse, spark.settings.database)
    assert [name for name, text in texts(spark, folder) if sought.names_user(text.encode())] == []
    assert {count(spark, table, "snapshots") for table in (*tables_with_users(), EVENTS, REJECTS)} == {0, 1}


def test_spark_merges_files_and_forgets_the_past_without_changing_a_row(spark_settings, s3):
    """As DuckDB's lake does, with the same settings."""
    chosen = {"small_files": 3, "snapshot_days": 0, "snapshots_kept": 2}
    lake = lake_of_spark(spark_settings, new_bucket(), "upkeep", **chosen)
    for number in range(4):
        add(lake, USER_DAYS, *({"reading": "all_traffic", "day": day, "user_id": f"u{number}"} for day in DAYS))
    before = lake.rows("SELECT * FROM user_days ORDER BY day, user_id")
    data = Path(lake.settings.warehouse, lake.settings.database, USER_DAYS.name, "data")
    old, young = data / "old.parquet", data / "young.parquet"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, times=(time.time() - 4 * 24 * 3600,) * 2)
    account = upkeep(lake, USER_DAYS)
    assert lake.rows("SELECT * FROM user_days ORDER BY day, user_id") == before
    assert account == {
        "rows_forgotten": 0,
        "tables": 1,
        "files_before": 8,
        "files_after": 2,
        "snapshots_expired": 3,  # of four and the merge
        "files_deleted": account["files_deleted"],
    }
    assert account["files_deleted"] > 1
    assert count(lake, USER_DAYS, "snapshots") == 2
    assert (old.exists(), young.exists()) == (False, True)


def upkeep(lake: Lake, table: Table) -> dict[str, int]:
    job = Upkeep(engine=lake.engine, settings=lake.settings, clock=lambda: datetime.now(UTC), tables=[table])
    return job.run()


def count(lake: Lake, table: Table, what: str) -> int:
    return lake.engine._count(table, what)


def test_both_engines_forget_the_same_rows(spark_settings, s3, tmp_path_factory):
    """Events go by an instant in UTC, a mart's rows by their day."""
    told = {"table_retention": ("events=60", "rejects=60", "sessions=60")}
    spark = shop(lake_of_spark(spark_settings, new_bucket(), "forgetful", **told))
    duckdb = shop(embedded(new_bucket(), tmp_path_factory.mktemp("forgetful"), **told))
    at = datetime(2019, 12, 1, 12, tzinfo=UTC)
    kept = []
    for lake in (spark, duckdb):
        add(lake, SESSIONS, *({"reading": "all_traffic", "day": day, "user_id": "u1"} for day in DAYS))
        tables = (EVENTS, REJECTS, SESSIONS)
        forgotten = Upkeep(engine=lake.engine, settings=lake.settings, clock=lambda: at, tables=tables).run()
        days = lake.engine.ask("SELECT DISTINCT day FROM sessions ORDER BY 1").rows
        notes = lake.engine.ask("SELECT table_name, day, until_hour FROM forgotten ORDER BY 1, 2").rows
        kept.append((lake.tables(), days, notes, forgotten["rows_forgotten"]))
    assert kept[0] == kept[1]
    assert kept[0][3] > 0
    assert kept[0][1] == [(DAYS[1],)]
