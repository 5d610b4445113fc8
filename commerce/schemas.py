"""The field table rendered for each engine. A new engine is a column here, never a second list of fields.

`python -m commerce.schemas` prints the JSON Schema of an event, for those who send them.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from commerce.fields import EVENT_FIELDS, Field, FieldType

# As on the wire: Flink's json format leaves out the zeros at the end of an instant, so it gets them as text.
_FLINK = {
    FieldType.TEXT: "STRING",
    FieldType.TIMESTAMP: "STRING",
    FieldType.MONEY: "DECIMAL(12, 2)",
    FieldType.COUNT: "BIGINT",
    FieldType.NUMBER: "DOUBLE",
    FieldType.TEXTS: "ARRAY<STRING>",
}
# Hive's names, which the Glue catalog, Athena and Spark DDL share.
_HIVE = {
    FieldType.TEXT: "string",
    FieldType.TIMESTAMP: "timestamp",
    FieldType.MONEY: "decimal(12,2)",
    FieldType.COUNT: "bigint",
    FieldType.NUMBER: "double",
    FieldType.TEXTS: "array<string>",
}
_JSON: dict[FieldType, dict[str, Any]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.TIMESTAMP: {"type": "string", "format": "date-time"},
    FieldType.MONEY: {"type": ["string", "number"]},
    FieldType.COUNT: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.TEXTS: {"type": "array", "items": {"type": "string"}},
}


def flink_columns(fields: Sequence[Field]) -> str:
    """Return the column list of a Flink DDL for the records on the wire: `name TYPE, ...`."""
    return ",\n  ".join(f"`{field.name}` {_FLINK[field.type]}" for field in fields)


def hive_columns(fields: Sequence[Field]) -> list[tuple[str, str, str]]:
    """Return (name, type, comment) for the Glue catalog, Athena and Spark."""
    return [(field.name, _HIVE[field.type], field.meaning) for field in fields]


def json_schema(fields: Sequence[Field], *, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a record on the wire. Unknown fields are allowed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {field.name: _json_property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
    }


def _json_property(field: Field) -> dict[str, Any]:
    schema = {**_JSON[field.type], "description": field.meaning}
    if field.pattern is not None:
        schema["pattern"] = f"^({field.pattern})$"
    if field.max_length is not None:
        schema["maxLength"] = field.max_length
    return schema


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(EVENT_FIELDS, title="event"), indent=2) + "\n")
