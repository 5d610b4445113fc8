"""Spark, too, gives a table the columns that a new version declares, and asks one that lacks them."""

from dataclasses import replace
from typing import Any

import pytest
from lake_rig import new_bucket

from glue_jobs.engine import Engine, open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import ALLOWANCES, TABLES, Column, Table

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
NEW_COLUMNS = (Column("size", "bigint", "Of old rows nobody knows it."), Column("tags", "array<string>", "Nor these."))
OLD = replace(ALLOWANCES, columns=ALLOWANCES.columns[:2])
NEW = replace(ALLOWANCES, columns=(OLD.columns[0], *NEW_COLUMNS, OLD.columns[1]))


def as_of(table: Table, settings: LakeSettings, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Open the lake as the version that declares the table so."""
    others = tuple(each for each in TABLES if each.name != table.name)
    monkeypatch.setattr("glue_jobs.spark_engine.TABLES", (*others, table))
    return open_engine(settings, raw=RawBucket(name=settings.raw_bucket), environment={})


def put(engine: Engine, table: Table, subject: str, **more: Any) -> None:
    engine.create(table)
    engine.present("given", table.columns, [{"subject_type": "user", "subject": subject, **more}])
    engine.append(table, f"SELECT {', '.join(table.column_names)} FROM given")


def rows(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.ask(f"SELECT {', '.join(NEW.column_names)} FROM allowances ORDER BY subject").rows


def test_a_table_gets_the_columns_that_a_new_version_declares(spark_settings, s3, monkeypatch):
    """Old rows have nothing in them; a version that goes without them again writes beside them."""
    settings = replace(spark_settings, raw_bucket=new_bucket(), database="grown")
    put(as_of(OLD, settings, monkeypatch), OLD, "a")
    engine = as_of(NEW, settings, monkeypatch)
    assert rows(engine) == [("user", None, None, "a")]
    put(engine, NEW, "b", size=7, tags=["x", "y"])
    put(as_of(OLD, settings, monkeypatch), OLD, "c")
    found = rows(as_of(NEW, settings, monkeypatch))
    assert found == [("user", None, None, "a"), ("user", 7, ["x", "y"], "b"), ("user", None, None, "c")]
    once = as_of(NEW, settings, monkeypatch)
    once.create(NEW)
    assert rows(once) == found
