"""DuckDB over Iceberg, in one process: PyIceberg says which files a table has now and commits, DuckDB does the rest.

DuckDB reads the data files themselves, on disk or through Arrow's S3, and needs no extension.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import urlparse

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.dataset as ds  # type: ignore[import-untyped]
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import And, Or
from pyiceberg.table import Table as IcebergTable

from commerce.sql.duckdb import judged_sql
from glue_jobs import iceberg_upkeep
from glue_jobs.arrow import arrow_schema
from glue_jobs.catalogs import open_catalog
from glue_jobs.duckdb_faults import telling_plainly, told_plainly
from glue_jobs.engine import Answer, Expired, day_literal, no_database
from glue_jobs.iceberg import add_columns, has_changed, iceberg_partition, iceberg_schema, is_before, is_one_of
from glue_jobs.iceberg_transaction import OnceCopiedTransaction
from glue_jobs.lines import arrow_lines
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket, RawObject, together
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import TABLES, Column, Table

CARRIED = ("source_object", "line_number", "arrived_at")


@telling_plainly
class DuckDbEngine:
    """The embedded engine. It is the lake's only writer, so what it knows of a table stays true between its commits."""

    def __init__(
        self, *, catalog: Catalog, connection: duckdb.DuckDBPyConnection, settings: LakeSettings, raw: RawBucket
    ) -> None:
        self._catalog = catalog
        self._connection = connection
        self._database = settings.database
        self._megabytes = settings.batch_megabytes
        self._raw = raw
        self._tables: dict[str, IcebergTable] = {}
        for table in (*TABLES, *(mart.table for mart in marts())):
            self._find(table)
            self._bind(table)

    @classmethod
    def open(
        cls, settings: LakeSettings, *, raw: RawBucket, environment: Mapping[str, str], must_exist: bool = False
    ) -> "DuckDbEngine":
        """Open the catalog that the settings name, and a database in memory. Raises EngineError."""
        with told_plainly():
            catalog = open_catalog(settings, environment, must_exist=must_exist)
            connection = duckdb.connect()
            connection.execute("SET TimeZone = 'UTC'")
            if settings.memory_megabytes:
                connection.execute(f"SET memory_limit = '{settings.memory_megabytes:d}MB'")
            engine = cls(catalog=catalog, connection=connection, settings=settings, raw=raw)
        if must_exist and not engine._tables:  # a first run that came to nothing has left an empty database
            raise no_database(settings)
        return engine

    def create(self, table: Table) -> None:
        """Create the table if it is not there, or add the columns that it lacks."""
        if (known := self._tables.get(table.name)) is not None:
            if add_columns(known, table):
                self._bind(table)
        else:
            schema = iceberg_schema(table)
            self._tables[table.name] = self._catalog.create_table(
                self._identifier(table),
                schema,
                partition_spec=iceberg_partition(table, schema),
                properties=table.properties,
            )

    def stage(self, objects: Sequence[RawObject]) -> int:
        """Read and judge the records of raw objects: the relation `judged`. Return how many were taken."""
        taken = list(together(((found, self._raw.read(found.key)) for found in objects), megabytes=self._megabytes))
        lines = pa.concat_tables([arrow_lines(found, content) for found, content in taken])
        self._connection.register("lines", lines)
        judged = judged_sql(lines="lines", carried=(*CARRIED, "raw"))
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE judged AS "
            f"SELECT * REPLACE (CASE WHEN reason IS NOT NULL THEN raw END AS raw) FROM ({judged})"
        )
        self._connection.unregister("lines")
        return len(taken)

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
            transaction.overwrite(rows, overwrite_filter=is_one_of(column, {day.isoformat() for day in values}))
        self._bind(table)

    def delete(self, table: Table, column: str, values: Sequence[str], *, days: Collection[date] | None = None) -> None:
        """Delete the rows that have one of the values; `days` says in which partitions they are, None for any."""
        if not values:
            return
        condition = is_one_of(column, values)
        if days and table.partition:
            condition = And(is_one_of(table.partition, {day.isoformat() for day in days}), condition)
        with self._transaction(table) as transaction:
            transaction.delete(condition)
        self._bind(table)

    def delete_lines(self, table: Table, lines: Mapping[str, Collection[int]]) -> None:
        """Delete the rows that came from these lines, by `source_object` the `line_number`s."""
        conditions = [
            And(is_one_of("source_object", [key]), is_one_of("line_number", numbers)) for key, numbers in lines.items()
        ]
        if conditions:
            with self._transaction(table) as transaction:
                transaction.delete(conditions[0] if len(conditions) == 1 else Or(*conditions))
            self._bind(table)

    def delete_before(self, table: Table, column: str, day: date) -> None:
        """Delete the rows whose day, or instant in UTC, is before the day."""
        with self._transaction(table) as transaction:
            transaction.delete(is_before(column, day, instant=table.type_of(column) == "timestamp"))
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
        """Let the table's bare name stand for the files it has now, with every column that is declared."""
        written = f"{table.name}_written"
        for name in (table.name, written):
            self._connection.unregister(name)
            self._connection.execute(f"DROP VIEW IF EXISTS {name}")
        files = self._files(table)
        if files is None:
            self._connection.register(table.name, arrow_schema(table.columns).empty_table())
        elif has_changed(self._iceberg(table), table):
            self._name(written, files, differ=True)
            self._fill(table, written)
        else:
            self._name(table.name, files)

    def _name(self, name: str, files: list[str] | ds.Dataset | pa.Table, *, differ: bool = False) -> None:
        """Let the name stand for the files; where they differ in their columns, each has to be opened for that."""
        if isinstance(files, list):
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
            rows = f"read_parquet([{listed}], union_by_name = {differ})"
            self._connection.execute(f"CREATE TEMP VIEW {name} AS FROM {rows}")
        else:
            self._connection.register(name, files)

    def _fill(self, table: Table, written: str) -> None:
        """Let the table's name stand for its declared columns, NULL where what was written does not have one."""
        self._connection.register(f"{table.name}_declared", arrow_schema(table.columns).empty_table())
        self._connection.execute(
            f"CREATE TEMP VIEW {table.name} AS SELECT {', '.join(table.column_names)} "
            f"FROM (FROM {written} UNION ALL BY NAME FROM {table.name}_declared)"
        )

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
            return [urlparse(path).path for path in paths] or None
        filesystem = iceberg.io.fs_by_scheme("s3", None)  # type: ignore[attr-defined]
        names = [path.split("://", 1)[1] for path in paths]
        schema = iceberg.schema().as_arrow() if has_changed(iceberg, table) else None  # else what the first file says
        return ds.dataset(names, schema=schema, filesystem=filesystem, format="parquet")
