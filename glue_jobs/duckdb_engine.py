"""DuckDB over Iceberg, in one process: PyIceberg says which files a table has now and commits, DuckDB does the rest.

DuckDB reads the data files themselves, on disk or through Arrow's S3, and needs no extension.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.dataset as ds  # type: ignore[import-untyped]
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import And, BooleanExpression, In, LessThan, Or, Reference
from pyiceberg.table import Table as IcebergTable

from commerce.sql.duckdb import judged_sql
from glue_jobs import iceberg_upkeep
from glue_jobs.arrow import arrow_schema
from glue_jobs.engine import Answer, Expired, day_literal, make_warehouse
from glue_jobs.iceberg import iceberg_partition, iceberg_schema
from glue_jobs.iceberg_transaction import OnceCopiedTransaction
from glue_jobs.lines import arrow_lines
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket, RawObject
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import TABLES, Column, Table

CARRIED = ("source_object", "line_number", "arrived_at")


class DuckDbEngine:
    """The embedded engine. It is the lake's only writer, so what it knows of a table stays true between its commits."""

    def __init__(
        self, *, catalog: Catalog, connection: duckdb.DuckDBPyConnection, database: str, raw: RawBucket
    ) -> None:
        self._catalog = catalog
        self._connection = connection
        self._database = database
        self._raw = raw
        self._tables: dict[str, IcebergTable] = {}
        for table in (*TABLES, *(mart.table for mart in marts())):
            self._find(table)
            self._bind(table)

    @classmethod
    def open(cls, settings: LakeSettings, *, raw: RawBucket, environment: Mapping[str, str]) -> "DuckDbEngine":
        """Open the catalog that the settings name, and a database in memory."""
        catalog = load_catalog("lake", **_catalog_properties(settings, environment))
        if not catalog.namespace_exists(settings.database):
            catalog.create_namespace(settings.database)
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        if settings.memory_megabytes:
            connection.execute(f"SET memory_limit = '{settings.memory_megabytes:d}MB'")
        return cls(catalog=catalog, connection=connection, database=settings.database, raw=raw)

    def create(self, table: Table) -> None:
        """Create the table if it is not there."""
        if table.name not in self._tables:
            schema = iceberg_schema(table)
            self._tables[table.name] = self._catalog.create_table(
                self._identifier(table),
                schema,
                partition_spec=iceberg_partition(table, schema),
                properties=table.properties,
            )

    def stage(self, objects: Sequence[RawObject]) -> None:
        """Read and judge the records of raw objects: the relation `judged`."""
        lines = pa.concat_tables([arrow_lines(found, self._raw.read(found.key)) for found in objects])
        self._connection.register("lines", lines)
        judged = judged_sql(lines="lines", carried=(*CARRIED, "raw"))
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE judged AS "
            f"SELECT * REPLACE (CASE WHEN reason IS NOT NULL THEN raw END AS raw) FROM ({judged})"
        )
        self._connection.unregister("lines")

    def present(self, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
        """Make a few rows a relation of that name."""
        self._connection.register(name, pa.Table.from_pylist(list(rows), schema=arrow_schema(columns)))

    def hold(self, name: str, select: str) -> None:
        """Compute the rows of a query now and keep them as a relation of that name."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")

    def append(self, table: Table, select: str) -> int:
        """Add the rows of a query; return how many."""
        rows = self._rows(table, select)
        if rows.num_rows:
            with self._transaction(table) as transaction:
                transaction.append(rows)
            self._bind(table)
        return int(rows.num_rows)

    def replace(self, table: Table, select: str) -> None:
        """Put the rows of a query in the place of all rows."""
        if not self._has_rows(table, "1 = 1"):
            self.append(table, select)
            return
        rows = self._rows(table, select)
        with self._transaction(table) as transaction:
            transaction.overwrite(rows)
        self._bind(table)

    def replace_where(self, table: Table, select: str, column: str, values: Collection[date]) -> None:
        """Put the rows of a query in the place of the rows that have one of the days."""
        if not values or not self._has_rows(table, f"{column} IN ({', '.join(map(day_literal, values))})"):
            self.append(table, select)
            return
        rows = self._rows(table, select)
        with self._transaction(table) as transaction:
            transaction.overwrite(rows, overwrite_filter=_is_one_of(column, {day.isoformat() for day in values}))
        self._bind(table)

    def delete(self, table: Table, column: str, values: Sequence[str], *, days: Collection[date] | None = None) -> None:
        """Delete the rows that have one of the values; `days` says in which partitions they are, None for any."""
        if not values:
            return
        condition = _is_one_of(column, values)
        if days and table.partition:
            condition = And(_is_one_of(table.partition, {day.isoformat() for day in days}), condition)
        with self._transaction(table) as transaction:
            transaction.delete(condition)
        self._bind(table)

    def delete_lines(self, table: Table, lines: Mapping[str, Collection[int]]) -> None:
        """Delete the rows that came from these lines, by `source_object` the `line_number`s."""
        conditions = [
            And(_is_one_of("source_object", [key]), _is_one_of("line_number", numbers))
            for key, numbers in lines.items()
        ]
        if conditions:
            with self._transaction(table) as transaction:
                transaction.delete(conditions[0] if len(conditions) == 1 else Or(*conditions))
            self._bind(table)

    def delete_before(self, table: Table, column: str, day: date) -> None:
        """Delete the rows whose day, or instant in UTC, is before the day."""
        with self._transaction(table) as transaction:
            transaction.delete(_is_before(column, day, instant=table.type_of(column) == "timestamp"))
        self._bind(table)

    def ask(self, select: str, values: Sequence[str] = ()) -> Answer:
        """Answer a query."""
        answer = self._arrow(select, values)
        return Answer(tuple(answer.column_names), list(zip(*(c.to_pylist() for c in answer.columns), strict=True)))

    def count_files(self, table: Table) -> int:
        """Return how many data files the table has now."""
        return len(list(self._iceberg(table).scan().plan_files()))

    def compact(self, table: Table, *, small_megabytes: int, from_files: int) -> None:
        """Merge the small data files of each partition that has at least so many."""
        iceberg_upkeep.compact(self._iceberg(table), small_megabytes=small_megabytes, from_files=from_files)
        self._bind(table)

    def expire(self, table: Table, *, keep: int, before: datetime | None = None) -> Expired:
        """Forget all snapshots but the latest `keep` and those taken since `before`, and delete what only they had."""
        return iceberg_upkeep.expire(self._iceberg(table), keep=keep, before=before)

    def remove_orphans(self, table: Table, *, before: datetime) -> int:
        """Delete files in the table's folder that no snapshot names and that are older; return how many."""
        return iceberg_upkeep.remove_orphans(self._iceberg(table), before=before)

    def close(self) -> None:
        """Close the database in memory."""
        self._connection.close()

    def _has_rows(self, table: Table, condition: str) -> bool:
        """Return whether there is anything to replace: PyIceberg would warn where there is not."""
        return bool(self._connection.sql(f"SELECT 1 FROM {table.name} WHERE {condition} LIMIT 1").fetchall())

    def _rows(self, table: Table, select: str) -> pa.Table:
        return self._arrow(select).cast(arrow_schema(table.columns))

    def _arrow(self, select: str, values: Sequence[str] = ()) -> pa.Table:
        return self._connection.sql(select, params=list(values) or None).to_arrow_table()

    def _identifier(self, table: Table) -> tuple[str, str]:
        return (self._database, table.name)

    def _find(self, table: Table) -> None:
        with suppress(NoSuchTableError):  # it has not been created yet
            self._tables[table.name] = self._catalog.load_table(self._identifier(table))

    def _iceberg(self, table: Table) -> IcebergTable:
        return self._tables[table.name]

    def _transaction(self, table: Table) -> OnceCopiedTransaction:
        return OnceCopiedTransaction(self._iceberg(table))

    def _bind(self, table: Table) -> None:
        """Let the table's bare name stand for the files it has now."""
        files = self._files(table)
        self._connection.unregister(table.name)
        self._connection.execute(f"DROP VIEW IF EXISTS {table.name}")
        if files is None:
            self._connection.register(table.name, arrow_schema(table.columns).empty_table())
        elif isinstance(files, list):
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
            self._connection.execute(f"CREATE TEMP VIEW {table.name} AS FROM read_parquet([{listed}])")
        else:
            self._connection.register(table.name, files)

    def _files(self, table: Table) -> list[str] | ds.Dataset | pa.Table | None:
        """Return paths on disk, or what Arrow reads elsewhere; None for no files or no table."""
        iceberg = self._tables.get(table.name)
        if iceberg is None or iceberg.current_snapshot() is None:
            return None
        tasks = list(iceberg.scan().plan_files())
        if any(task.delete_files for task in tasks):  # another engine's deletes: PyIceberg applies them
            return iceberg.scan().to_arrow()
        paths = [task.file.file_path for task in tasks]
        if not paths or paths[0].startswith("file:"):
            return [unquote(urlparse(path).path) for path in paths] or None
        filesystem = iceberg.io.fs_by_scheme("s3", None)  # type: ignore[attr-defined]
        return ds.dataset([path.split("://", 1)[1] for path in paths], filesystem=filesystem, format="parquet")


def _is_one_of(column: str, values: Collection[Any]) -> BooleanExpression:
    return In(Reference(column), set(values))  # type: ignore[call-arg, arg-type]


def _is_before(column: str, day: date, *, instant: bool) -> BooleanExpression:
    bound = f"{day.isoformat()}T00:00:00+00:00" if instant else day.isoformat()
    return LessThan(Reference(column), bound)  # type: ignore[call-arg, arg-type]


def _catalog_properties(settings: LakeSettings, environment: Mapping[str, str]) -> dict[str, str]:
    if settings.catalog == "sqlite":
        folder = Path(settings.warehouse).resolve()
        make_warehouse(folder)
        return {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": folder.as_uri()}
    endpoint = environment.get("AWS_ENDPOINT_URL")
    endpoints = {"glue.endpoint": endpoint, "s3.endpoint": environment.get("AWS_ENDPOINT_URL_S3", endpoint)}
    given = {name: url for name, url in endpoints.items() if url}
    return {"type": "glue", "warehouse": settings.warehouse, **given}
