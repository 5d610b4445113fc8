"""Spark over Iceberg: on Glue for a shop that has outgrown one machine, elsewhere as a local session.

Lines are cut from raw objects by workers with the same code as in the embedded engine; all else runs in the JVM.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import sqlglot
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from commerce.sql.spark import SESSION_SETTINGS, judged_sql
from glue_jobs.engine import Answer, Expired, day_literal, no_database
from glue_jobs.lines import arrow_lines
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket, RawObject
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import TABLES, Column, Table

CATALOG = "lake"
CARRIED = ("source_object", "line_number", "arrived_at", "raw")
LINES = "source_object STRING, line_number BIGINT, arrived_at TIMESTAMP, raw BINARY"
LINES_AT_ONCE = 20_000
TASKS_A_CORE = 4
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class SparkEngine:
    """Spark, with the lake as its current database."""

    def __init__(self, *, session: SparkSession, database: str, raw: RawBucket) -> None:
        self._session = session
        self._database = database
        self._raw = raw
        self._judged: DataFrame | None = None
        session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.`{database}`")
        session.sql(f"USE {CATALOG}.`{database}`")
        for table in (*TABLES, *(mart.table for mart in marts())):
            self._stand_in(table)

    @classmethod
    def open(cls, settings: LakeSettings, *, raw: RawBucket, must_exist: bool = False) -> "SparkEngine":
        """Start Spark with the catalog that the settings name, or take the one there is, in a session of its own.

        Raises EngineError where the database `must_exist` and does not. The current database and the views belong to a
        session, so two lakes at once do not get into each other's way.
        """
        builder = SparkSession.builder.appName("floorwalker")
        for name, value in session_settings(settings).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate().newSession()
        for name, value in SESSION_SETTINGS.items():
            session.conf.set(name, value)
        if must_exist and not session.catalog.databaseExists(f"{CATALOG}.{settings.database}"):
            raise no_database(settings)
        return cls(session=session, database=settings.database, raw=raw)

    def create(self, table: Table) -> None:
        """Create the table if it is not there, or add the columns that it lacks."""
        columns = _declared(table.columns)
        partition = f"PARTITIONED BY (`{table.partition}`)" if table.partition else ""
        properties = ", ".join(f"'{n}' = '{v}'" for n, v in {"format-version": "2", **table.properties}.items())
        self._session.catalog.dropTempView(table.name)
        self._session.sql(
            f"CREATE TABLE IF NOT EXISTS `{table.name}` ({columns}) USING iceberg {partition} "
            f"COMMENT {_quoted(table.grain)} TBLPROPERTIES ({properties})"
        )
        if lacking := self._lacking(table):
            self._session.sql(f"ALTER TABLE `{table.name}` ADD COLUMNS ({_declared(lacking)})")
            self._session.sql(f"ALTER TABLE `{table.name}` SET TBLPROPERTIES ({properties})")

    def stage(self, objects: Sequence[RawObject]) -> int:
        """Read and judge the records of raw objects: the relation `judged`. Workers hold one object at a time."""
        listed = [(found.key, found.bytes_compressed, found.arrived_at.timestamp()) for found in objects]
        keys = self._session.createDataFrame(listed, "key STRING, size BIGINT, arrived_at DOUBLE")
        # A task for each object while they are few, and no more than keep every core busy when they are many.
        tasks = min(len(listed), TASKS_A_CORE * self._session.sparkContext.defaultParallelism)
        lines = keys.repartition(tasks, "key").mapInArrow(_reader(self._raw.name), LINES)
        lines.withColumn("line", f.decode("raw", "UTF-8")).createOrReplaceTempView("lines")
        if self._judged is not None:
            self._judged.unpersist()
        judged = self._session.sql(judged_sql(lines="lines", carried=CARRIED, seal=uuid.uuid4().hex))
        self._judged = judged.persist()
        self._judged.createOrReplaceTempView("judged")
        return len(objects)

    def present(self, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
        """Make a few rows a relation of that name."""
        schema = ", ".join(f"`{column.name}` {column.type}" for column in columns)
        listed = [tuple(row[column.name] for column in columns) for row in rows]
        self._session.createDataFrame(listed, schema).createOrReplaceTempView(name)

    def hold(self, name: str, select: str) -> None:
        """Compute the rows of a query now and keep them as a relation of that name."""
        self._session.sql(_spark(select)).localCheckpoint().createOrReplaceTempView(name)

    def append(self, table: Table, select: str) -> int:
        """Add the rows of a query; return how many."""
        self._rows(table, select).writeTo(table.name).append()
        added = self._session.sql(
            f"SELECT summary['added-records'] FROM {CATALOG}.`{self._database}`.{table.name}.snapshots "
            "ORDER BY committed_at DESC LIMIT 1"
        )
        return int(added.first()[0] or 0)

    def replace(self, table: Table, select: str) -> None:
        """Put the rows of a query in the place of all rows."""
        self._rows(table, select).writeTo(table.name).overwrite(f.lit(True))

    def replace_where(self, table: Table, select: str, column: str, values: Collection[date]) -> None:
        """Put the rows of a query in the place of the rows that have one of the days."""
        self._rows(table, select).writeTo(table.name).overwrite(f.col(column).isin(list(values)))

    def delete(self, table: Table, column: str, values: Sequence[str], *, days: Collection[date] | None = None) -> None:
        """Delete the rows that have one of the values; `days` says in which partitions they are, None for any."""
        if not values:
            return
        within = f"{table.partition} IN ({', '.join(map(day_literal, days))}) AND " if days and table.partition else ""
        self._session.sql(f"DELETE FROM {table.name} WHERE {within}{column} IN ({', '.join(map(_quoted, values))})")

    def delete_lines(self, table: Table, lines: Mapping[str, Collection[int]]) -> None:
        """Delete the rows that came from these lines, by `source_object` the `line_number`s."""
        conditions = [
            f"(source_object = {_quoted(key)} AND line_number IN ({', '.join(map(str, numbers))}))"
            for key, numbers in lines.items()
        ]
        if conditions:
            self._session.sql(f"DELETE FROM {table.name} WHERE {' OR '.join(conditions)}")

    def delete_before(self, table: Table, column: str, day: date) -> None:
        """Delete the rows whose day, or instant in UTC, is before the day."""
        bound = f"TIMESTAMP '{day} 00:00:00'" if table.type_of(column) == "timestamp" else day_literal(day)
        self._session.sql(f"DELETE FROM {table.name} WHERE {column} < {bound}")

    def ask(self, select: str, values: Sequence[str] = ()) -> Answer:
        """Answer a query."""
        frame = self._session.sql(_spark(select), args=list(values) or None)
        return Answer(tuple(frame.columns), [tuple(map(_plain, row)) for row in frame.collect()])

    def count_files(self, table: Table) -> int:
        """Return how many data files the table has now."""
        return self._count(table, "files")

    def compact(self, table: Table, *, small_megabytes: int, from_files: int) -> None:
        """Merge the small data files of each partition that has at least so many."""
        options = {"min-file-size-bytes": small_megabytes * 1_000_000, "min-input-files": from_files}
        listed = ", ".join(f"'{name}', '{value}'" for name, value in options.items())
        self._call("rewrite_data_files", table, f"options => map({listed})")

    def expire(self, table: Table, *, keep: int, before: datetime | None = None) -> Expired:
        """Forget all snapshots but the latest `keep` and those taken since `before`, and delete what only they had."""
        there = self._count(table, "snapshots")
        if there <= keep:
            return Expired()
        (deleted,) = self._call(
            "expire_snapshots", table, f"older_than => {_instant(before or FOR_EVER)}", f"retain_last => {keep:d}"
        )
        return Expired(there - self._count(table, "snapshots"), sum(deleted))

    def remove_orphans(self, table: Table, *, before: datetime) -> int:
        """Delete files in the table's folder that no snapshot names and that are older; return how many.

        Spark refuses to delete what is younger than a day.
        """
        older_than = f"older_than => {_instant(before)}"
        return len(self._call("remove_orphan_files", table, older_than, "prefix_listing => true"))

    def close(self) -> None:
        """Forget what was staged; the session belongs to the process."""
        for name in (view.name for view in self._session.catalog.listTables() if view.isTemporary):
            self._session.catalog.dropTempView(name)

    def _call(self, procedure: str, table: Table, *arguments: str) -> list[Any]:
        listed = ", ".join((f"table => '{self._database}.{table.name}'", *arguments))
        return list(self._session.sql(f"CALL {CATALOG}.system.{procedure}({listed})").collect())

    def _count(self, table: Table, what: str) -> int:
        """Count what the table's metadata lists."""
        return int(self._session.table(f"{CATALOG}.`{self._database}`.{table.name}.{what}").count())

    def _stand_in(self, table: Table) -> None:
        """Let a table that is not there be an empty one, and a column that is not there be NULL, for questions."""
        self._session.catalog.dropTempView(table.name)
        if not self._session.catalog.tableExists(table.name):
            self.present(table.name, table.columns, [])
        elif lacking := self._lacking(table):
            nulls = (f.lit(None).cast(column.type).alias(column.name) for column in lacking)
            self._session.table(table.name).select("*", *nulls).createOrReplaceTempView(table.name)

    def _rows(self, table: Table, select: str) -> DataFrame:
        """Return the rows of a query as the table takes them: a column that a later version has added stays empty."""
        columns = self._session.table(f"{CATALOG}.`{self._database}`.{table.name}").schema
        beside = (each for each in columns if each.name not in table.column_names)
        nulls = (f.lit(None).cast(each.dataType).alias(each.name) for each in beside)
        return self._session.sql(_spark(select)).select(*table.column_names, *nulls)

    def _lacking(self, table: Table) -> list[Column]:
        there = set(self._session.table(table.name).columns)
        return [column for column in table.columns if column.name not in there]


def session_settings(settings: LakeSettings) -> dict[str, str]:
    """Return what a session needs so that the lake is there and lines are judged as everywhere."""
    lake = f"spark.sql.catalog.{CATALOG}"
    common = {
        **SESSION_SETTINGS,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        lake: "org.apache.iceberg.spark.SparkCatalog",
        f"{lake}.cache-enabled": "false",
    }
    if settings.spark_jars:
        common["spark.jars"] = settings.spark_jars
    if settings.catalog == "hadoop":
        return {**common, f"{lake}.type": "hadoop", f"{lake}.warehouse": Path(settings.warehouse).resolve().as_uri()}
    return {
        **common,
        f"{lake}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{lake}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{lake}.warehouse": settings.warehouse,
    }


def _reader(bucket: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what a worker runs: keys of raw objects in, their lines out, a few thousand at a time."""

    def read(keys: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        raw = RawBucket(name=bucket)
        for batch in keys:
            for row in batch.to_pylist():
                arrived_at = datetime.fromtimestamp(row["arrived_at"], UTC)
                found = RawObject(key=row["key"], bytes_compressed=row["size"], arrived_at=arrived_at)
                lines = arrow_lines(found, raw.read(found.key)).drop_columns(["line"])
                lines = lines.set_column(3, "raw", lines["raw"].cast(pa.binary()))
                yield from lines.to_batches(max_chunksize=LINES_AT_ONCE)

    return read


def _declared(columns: Sequence[Column]) -> str:
    return ", ".join(f"`{c.name}` {c.type} COMMENT {_quoted(c.meaning)}" for c in columns)


def _spark(select: str) -> str:
    return sqlglot.transpile(select, read="duckdb", write="spark")[0]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _instant(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _plain(value: Any) -> Any:
    """Return Spark's value as every engine gives it: instants with their zone, bytes as bytes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return bytes(value) if isinstance(value, bytearray) else value
