"""The declared tables as PyIceberg creates them; Spark needs only DDL."""

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
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


def _type(name: str, number: int) -> IcebergType:
    if name.startswith("array<"):
        element = _ICEBERG[name.removeprefix("array<").removesuffix(">")]
        return ListType(_ELEMENT_IDS_FROM + number, element, element_required=False)
    return _ICEBERG[name]
