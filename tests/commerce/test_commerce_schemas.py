"""One field table: every engine's schema has the same names in the same order, and so has the dataclass."""

import re
from collections.abc import Sequence
from dataclasses import fields

import pytest

from commerce.event import Event
from commerce.fields import EVENT_FIELDS, INCIDENT_FIELDS, RISK_FIELDS, TALLY_FIELDS, Field, FieldType
from commerce.incident import Incident, RiskSignal, Tally
from commerce.schemas import flink_columns, hive_columns, json_schema

EACH_TABLE = pytest.mark.parametrize(
    ("table", "record"),
    [(EVENT_FIELDS, Event), (INCIDENT_FIELDS, Incident), (TALLY_FIELDS, Tally), (RISK_FIELDS, RiskSignal)],
    ids=["event", "incident", "tally", "risk"],
)


@EACH_TABLE
def test_every_engine_has_every_field_in_order(table: Sequence[Field], record: type) -> None:
    """A column that one engine lacks is a question that one engine cannot answer."""
    names = [field.name for field in table]
    assert re.findall(r"^\s*`(\w+)` ", flink_columns(table), re.MULTILINE) == names
    assert [name for name, _, _ in hive_columns(table)] == names
    assert list(json_schema(table, title="record")["properties"]) == names


@EACH_TABLE
def test_the_dataclass_has_the_fields_of_the_table(table: Sequence[Field], record: type) -> None:
    """The table is what is stored, the dataclass what is computed with."""
    assert {field.name for field in fields(record)} == {field.name for field in table}


@EACH_TABLE
def test_required_fields_are_required_by_the_schema(table: Sequence[Field], record: type) -> None:
    """A client that follows the schema must not be rejected for a missing field."""
    assert json_schema(table, title="record")["required"] == [field.name for field in table if field.required]


@EACH_TABLE
def test_every_column_says_what_it_means(table: Sequence[Field], record: type) -> None:
    """Whoever finds a column in Athena sees the comment first."""
    assert all(comment.endswith(".") for _, _, comment in hive_columns(table))


@pytest.mark.parametrize("kind", list(FieldType))
def test_every_type_has_a_form_in_every_engine(kind: FieldType) -> None:
    """A new type is a new row in three tables."""
    field = Field(name="f", type=kind, meaning="A field.")
    assert flink_columns([field]).startswith("`f` ")
    assert hive_columns([field])[0][1]
    assert json_schema([field], title="t")["properties"]["f"]["type"]


def test_money_is_never_a_float() -> None:
    """Ten million prices summed as doubles are cents off."""
    (price,) = (field for field in EVENT_FIELDS if field.name == "price")
    assert "DECIMAL(12, 2)" in flink_columns([price])
    assert hive_columns([price])[0][1] == "decimal(12,2)"


@pytest.mark.parametrize("field", EVENT_FIELDS, ids=lambda field: field.name)
def test_every_event_field_has_a_bound(field: Field) -> None:
    """A field without a bound is a way to fill the detector's state."""
    assert field.pattern is not None or field.max_length is not None
