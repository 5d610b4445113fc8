"""Hive's types as Arrow's."""

from collections.abc import Sequence

import pyarrow as pa  # type: ignore[import-untyped]

from glue_jobs.tables import Column

_ARROW = {
    "string": pa.large_string(),
    "binary": pa.large_binary(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "decimal(12,2)": pa.decimal128(12, 2),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(38,4)": pa.decimal128(38, 4),
    "array<string>": pa.large_list(pa.field("element", pa.large_string())),
    "array<date>": pa.large_list(pa.field("element", pa.date32())),
}


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the columns as Arrow holds them."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in columns])
