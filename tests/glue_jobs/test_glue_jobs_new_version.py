"""A lake outlives the version that made it: columns and marts that are new or others now are there for all its days."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_rig import LONG_AFTER, Lake, embedded, new_bucket
from lake_rig import put as put_raw
from small_shop import small_shop

import glue_jobs.marts
from glue_jobs.engine import Engine, open_engine
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import ALLOWANCES, TABLES, Column, Table

pytestmark = pytest.mark.usefixtures("few_marts")
NEW_COLUMNS = (Column("size", "bigint", "Of old rows nobody knows it."), Column("tags", "array<string>", "Nor these."))
OLD = replace(ALLOWANCES, columns=ALLOWANCES.columns[:2])
# In the midst of the others, where somebody would declare them.
NEW = replace(ALLOWANCES, columns=(OLD.columns[0], *NEW_COLUMNS, OLD.columns[1]))


def row(name: str, **more: Any) -> dict[str, Any]:
    return {"subject_type": "user", "subject": name, "size": None, "tags": None} | more


def put(engine: Engine, table: Table, name: str, **more: Any) -> None:
    engine.create(table)
    engine.present("given", table.columns, [row(name, **more)])
    engine.append(table, f"SELECT {', '.join(table.column_names)} FROM given")


def rows(engine: Engine) -> list[dict[str, Any]]:
    answer = engine.ask("SELECT * FROM allowances ORDER BY subject")
    return [dict(zip(answer.columns, found, strict=True)) for found in answer.rows]


@pytest.fixture
def on_disk(s3: str, tmp_path: Path) -> LakeSettings:
    return embedded(new_bucket(), tmp_path).settings


@pytest.fixture
def on_s3(s3: str) -> LakeSettings:
    warehouse = new_bucket()
    return LakeSettings(
        raw_bucket=new_bucket(), warehouse=f"s3://{warehouse}/w", database=warehouse, engine="duckdb", catalog="glue"
    )


@pytest.fixture(params=["on_disk", "on_s3"])
def settings(request: pytest.FixtureRequest) -> LakeSettings:
    """Return where a lake is, on disk with its own catalog or on S3 with Glue's."""
    return request.getfixturevalue(request.param)


def as_of(table: Table, settings: LakeSettings, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Open the lake as the version that declares the table so."""
    others = tuple(each for each in TABLES if each.name != table.name)
    monkeypatch.setattr("glue_jobs.duckdb_engine.TABLES", (*others, table))
    return open_engine(settings, raw=RawBucket(name=settings.raw_bucket), environment=os.environ)


def test_a_table_gets_the_columns_that_a_new_version_declares(settings, monkeypatch):
    """Old rows have nothing in them, new ones do, in the order declared; whoever only asks sees them at once."""
    put(as_of(OLD, settings, monkeypatch), OLD, "a")
    engine = as_of(NEW, settings, monkeypatch)
    assert rows(engine) == [row("a")]
    put(engine, NEW, "b", size=7, tags=["x", "y"])
    both = [row("a"), row("b", size=7, tags=["x", "y"])]
    assert rows(engine) == rows(as_of(NEW, settings, monkeypatch)) == both
    assert engine.ask("SELECT * FROM allowances").columns == NEW.column_names
    assert engine.ask("SELECT subject FROM allowances WHERE size > 1 OR size IS NULL").rows != []


def test_a_column_that_is_declared_no_more_is_left_alone(settings, monkeypatch):
    """Whoever goes back a version finds what was there, and rows written meanwhile without it."""
    put(as_of(OLD, settings, monkeypatch), OLD, "z")
    put(as_of(NEW, settings, monkeypatch), NEW, "a", size=7)
    engine = as_of(OLD, settings, monkeypatch)
    put(engine, OLD, "b")
    assert rows(engine) == [{"subject_type": "user", "subject": name} for name in "abz"]
    engine.replace(OLD, "SELECT subject_type, subject FROM allowances WHERE subject = 'b'")
    put(engine, OLD, "c")
    put(as_of(NEW, settings, monkeypatch), NEW, "d", size=8)
    assert rows(as_of(NEW, settings, monkeypatch)) == [row("b"), row("c"), row("d", size=8)]


def test_a_table_that_has_grown_is_kept_up_as_others_are(settings, monkeypatch):
    """Files with and without the column are merged, and rows deleted by it."""
    for name in ("a", "b"):
        put(as_of(OLD, settings, monkeypatch), OLD, name)
    engine = as_of(NEW, settings, monkeypatch)
    for number, name in enumerate(("c", "d")):
        put(engine, NEW, name, size=number)
    engine.compact(NEW, small_megabytes=16, from_files=2)
    assert engine.count_files(NEW) == 1
    assert [found["size"] for found in rows(engine)] == [None, None, 0, 1]
    engine.delete(NEW, "subject", ["c"])
    assert [found["subject"] for found in rows(engine)] == ["a", "b", "d"]


@pytest.fixture
def lake(s3: str, tmp_path: Path) -> Lake:
    """Return a small shop's lake, not built yet."""
    made = embedded(new_bucket(), tmp_path / "lake", days_at_once=2)
    for delivery in small_shop(1):
        put_raw(made.settings.raw_bucket, delivery.object_key, delivery.content)
    made.curate()
    return made


@contextmanager
def version_with(name: str, change: Callable[[str], str | None]) -> Iterator[None]:
    """Let the mart of that name be what `change` makes of its file, None for no such mart."""
    path = glue_jobs.marts.files("") / f"{name}.sql"
    before = path.read_text()
    after = change(before)
    path.unlink() if after is None else path.write_text(after)
    marts.cache_clear()
    yield
    path.write_text(before)
    marts.cache_clear()


def without(_sql: str) -> None:
    return None


def twice_the_visits(sql: str) -> str:
    changed = sql.replace("COALESCE(visiting.visits, 0) AS visits", "2 * COALESCE(visiting.visits, 0) AS visits")
    assert changed != sql
    return changed


def better_told(sql: str) -> str:
    return sql.replace("-- title: ", "-- title: All of the ").replace("WITH acting", "-- Those who act.\nWITH  acting")


def reopened(lake: Lake) -> Lake:
    return embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse), days_at_once=2)


def test_a_first_build_computes_nothing_twice(lake: Lake) -> None:
    """No mart has been built any way then; there is nothing to build anew."""
    steps: list[str] = []
    lake.build(reached=steps.append)
    assert len(steps) == len(set(steps))
    assert "built_days: stale" not in steps
    assert lake.build() == {"days": 0, "restatements": 0}


def test_a_new_mart_has_the_days_before_it_too(lake: Lake) -> None:
    """Whoever asks for last month gets it; to have it for the first time is no restatement."""
    with version_with("daily_revenue", without):
        lake.build()
    days = len(lake.rows("SELECT day FROM built_days"))
    later, steps = reopened(lake), []
    assert later.build(reached=steps.append) == {"days": days, "restatements": 0}
    assert {step.partition(":")[0] for step in steps if "2019" in step} == {"daily_revenue"}
    assert later.rows("SELECT DISTINCT day FROM daily_revenue ORDER BY day") == later.rows(
        "SELECT day FROM built_days ORDER BY day"
    )
    assert later.build() == {"days": 0, "restatements": 0}


def test_a_mart_computed_otherwise_is_built_anew_with_all_that_reads_it_and_no_other(lake: Lake) -> None:
    """A correction is right for all days, and says since when; it is not told number by number."""
    lake.build()
    visits = "SELECT reading, day, visits FROM daily_visitors ORDER BY reading, day"
    before = lake.rows(visits)
    with version_with("user_days", twice_the_visits):
        later, steps = reopened(lake), []
        at = LONG_AFTER + timedelta(days=1)
        assert later.build(reached=steps.append, at=at)["restatements"] == 0
        assert later.rows(visits) == [{**row, "visits": 2 * row["visits"]} for row in before]
        assert {step.partition(":")[0] for step in steps if "2019" in step} == {"user_days", "daily_visitors"}
        since = later.rows(f"SELECT mart FROM built_with WHERE since > TIMESTAMPTZ '{LONG_AFTER}' ORDER BY mart")
        assert [row["mart"] for row in since] == ["daily_visitors", "rfm", "user_days"]


def test_a_mart_that_is_only_explained_better_is_left_alone(lake: Lake) -> None:
    """Comments and titles are no numbers."""
    lake.build()
    with version_with("user_days", better_told):
        assert reopened(lake).build() == {"days": 0, "restatements": 0}


def test_a_version_taken_back_in_the_middle_of_its_first_build_leaves_nothing_behind(lake: Lake) -> None:
    """As with everything that a build which died had begun."""
    lake.build()
    before = lake.marts()

    def die(step: str) -> None:
        if step.startswith("daily_visitors"):
            raise KeyboardInterrupt

    with version_with("user_days", twice_the_visits), pytest.raises(KeyboardInterrupt):
        reopened(lake).build(reached=die)
    later = reopened(lake)
    assert later.marts() != before
    later.build()
    assert later.marts() == before
