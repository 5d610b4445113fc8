"""The declared tables as PyIceberg creates, extends and filters them; Spark needs only SQL."""

from collections.abc import Collection
from datetime import date
from typing import Any

from pyiceberg.expressions import BooleanExpression, In, LessThan, Reference
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from glue_jobs.tables import Table

_ELEMENT_IDS_FROM = 1000
_ICEBERG: dict[str, IcebergType] = {
    "string": StringType(),
    "binary": BinaryType(),
    "timestamp": TimestamptzType(),
    "date": DateType(),
    "bigint": LongType(),
    "boolean": BooleanType(),
    "double": DoubleType(),
    "decimal(12,2)": DecimalType(12, 2),
    "decimal(18,2)": DecimalType(18, 2),
    "decimal(38,4)": DecimalType(38, 4),
}


def iceberg_schema(table: Table) -> Schema:
    """Return the columns with their ids, types and meanings."""
    return Schema(
        *(
            NestedField(number, column.name, _type(column.type, number), required=False, doc=column.meaning)
            for number, column in enumerate(table.columns, start=1)
        )
    )


def iceberg_partition(table: Table, schema: Schema) -> PartitionSpec:
    """Return the partition by the table's column, or none."""
    if table.partition is None:
        return UNPARTITIONED_PARTITION_SPEC
    source = schema.find_field(table.partition).field_id
    return PartitionSpec(PartitionField(source, 1000, IdentityTransform(), table.partition))


def add_columns(iceberg: IcebergTable, table: Table) -> bool:
    """Add the declared columns that the table lacks, behind those it has; return whether there were any."""
    lacking = [column for column in table.columns if column.name not in iceberg.schema().column_names]
    if not lacking:
        return False
    with iceberg.transaction() as transaction:
        with transaction.update_schema() as update:
            for column in lacking:
                update.add_column(column.name, _type(column.type, 0), doc=column.meaning)
        transaction.set_properties(table.properties)
    return True


def has_changed(iceberg: IcebergTable, table: Table) -> bool:
    """Return whether some of the table's files may have other columns than those declared."""
    declared = set(table.column_names)
    return any({field.name for field in schema.fields} != declared for schema in iceberg.metadata.schemas)


def is_one_of(column: str, values: Collection[Any]) -> BooleanExpression:
    """Return the condition that the column has one of the values."""
    return In(Reference(column), set(values))  # type: ignore[call-arg, arg-type]


def is_before(column: str, day: date, *, instant: bool) -> BooleanExpression:
    """Return the condition that the column's day, or its instant in UTC, is before the day."""
    bound = f"{day.isoformat()}T00:00:00+00:00" if instant else day.isoformat()
    return LessThan(Reference(column), bound)  # type: ignore[call-arg, arg-type]


def _type(name: str, number: int) -> IcebergType:
    if name.startswith("array<"):
        element = _ICEBERG[name.removeprefix("array<").removesuffix(">")]
        return ListType(_ELEMENT_IDS_FROM + number, element, element_required=False)
    return _ICEBERG[name]
