"""The marts in QuickSight: only columns that the marts have, and never both readings in one number."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.marts import READING, Reading, mart_named

ROOT = Path(__file__).resolve().parents[2]
SOURCE, SET, DASHBOARD = (f"AWS::QuickSight::{kind}" for kind in ("DataSource", "DataSet", "Dashboard"))
MARTS = (
    "daily_visitors",
    "funnel",
    "daily_revenue",
    "popular_categories_daily",
    "brand_ranking",
    "abandoned_carts",
    "product_performance",
    "rfm",
    "weekly_retention",
)


@pytest.fixture(scope="module")
def dashboard(insights) -> dict[str, Any]:
    """Return the dashboard's definition."""
    return insights.one(DASHBOARD).properties["Definition"]


@pytest.mark.parametrize("mart", MARTS)
def test_a_data_set_has_the_columns_of_its_mart(insights, mart):
    """A column that is gone fails at the first look, in front of the shop's manager."""
    table = _tables(insights)[mart]
    assert [column["Name"] for column in table["InputColumns"]] == [READING.name, *mart_named(mart).column_names]
    assert table["Schema"] == insights.output("GlueDatabaseName")


def test_a_column_has_the_type_that_quicksight_gives_athenas(insights):
    """Money stays exact; a day is no text, or no chart has an axis of time."""
    types = {
        (declared.type, column["Type"], column.get("SubType"))
        for mart in MARTS
        for declared, column in zip(
            mart_named(mart).table.columns, _tables(insights)[mart]["InputColumns"], strict=True
        )
    }
    assert types == {
        ("string", "STRING", None),
        ("bigint", "INTEGER", None),
        ("decimal(18,2)", "DECIMAL", "FIXED"),
        ("double", "DECIMAL", "FLOAT"),
        ("date", "DATETIME", None),
        ("timestamp", "DATETIME", None),
    }


def test_the_source_asks_through_the_workgroup(insights):
    """It encrypts answers and stops a query that would scan too much."""
    source = insights.one(SOURCE)
    workgroup = insights.one("AWS::Athena::WorkGroup").properties["Name"]
    assert source.properties["DataSourceParameters"] == {"AthenaParameters": {"WorkGroup": workgroup}}
    assert source.properties["SslProperties"] == {"DisableSsl": False}
    for table in _tables(insights).values():
        assert table["DataSourceArn"] == {"Fn::GetAtt": [source.logical_id, "Arn"]}


def test_all_of_it_belongs_to_the_named_owner_and_to_nobody_else(insights, owner):
    """Two of the marts are about single shoppers."""
    owned = [*insights.all(SOURCE), *insights.all(SET), *insights.all(DASHBOARD)]
    assert len(owned) == 2 + len(MARTS)
    for resource in owned:
        (permission,) = resource.properties["Permissions"]
        assert permission["Principal"] == owner, resource.logical_id
        assert permission["Actions"], resource.logical_id


def test_the_dashboard_shows_columns_that_exist(insights, dashboard):
    """A misspelt column fails the deployment in the account, after minutes."""
    arns = {each["Identifier"]: each["DataSetArn"] for each in dashboard["DataSetIdentifierDeclarations"]}
    sets = {each.logical_id: each for each in insights.all(SET)}
    known = {
        (identifier, column["Name"])
        for identifier, arn in arns.items()
        for column in _table(sets[arn["Fn::GetAtt"][0]])["InputColumns"]
    }
    named = {(c["DataSetIdentifier"], c["ColumnName"]) for c in _found(dashboard, "ColumnName")}
    assert set(arns) == set(MARTS)
    assert {mart for mart, _ in named} == set(MARTS)
    assert named <= known


def test_a_chart_never_adds_the_two_readings_up(dashboard):
    """All traffic holds the people too: a sum over both would be a number of nothing."""
    one_only = {
        visual
        for group in dashboard["FilterGroups"]
        for each in _found(group, "ParameterName")
        if each == {"MatchOperator": "EQUALS", "NullOption": "NON_NULLS_ONLY", "ParameterName": "Reading"}
        and _columns(group) == {READING.name}
        for scope in _found(group, "VisualIds")
        for visual in scope["VisualIds"]
    }
    side_by_side = {visual["VisualId"] for visual in _visuals(dashboard) if READING.name in _colours(visual)}
    assert one_only | side_by_side == {visual["VisualId"] for visual in _visuals(dashboard)}
    assert {"daily_visitors", "daily_revenue"} <= side_by_side
    assert "funnel" in one_only


def test_conditions_are_groups_of_their_own(dashboard):
    """Conditions of one group are alternatives in QuickSight: a chart would show what either lets through."""
    assert all(len(group["Filters"]) == 1 and group["Status"] == "ENABLED" for group in dashboard["FilterGroups"])


def test_the_funnel_counts_the_shop_only(dashboard):
    """The mart holds shop, categories and brands: their sum counts a shopper many times."""
    values = [c["CategoryValue"] for g in dashboard["FilterGroups"] for c in _found(g, "CategoryValue")]
    columns = [_columns(g) for g in dashboard["FilterGroups"] if list(_found(g, "CategoryValue"))]
    assert (values, columns) == (["shop"], [{"level"}])


def test_every_sheet_lets_its_reader_choose_the_reading(dashboard):
    """People only, unless chosen otherwise."""
    (declared,) = dashboard["ParameterDeclarations"]
    assert declared["StringParameterDeclaration"]["DefaultValues"] == {"StaticValues": ["people_only"]}
    for sheet in dashboard["Sheets"]:
        (control,) = sheet["ParameterControls"]
        assert control["Dropdown"]["SourceParameterName"] == declared["StringParameterDeclaration"]["Name"]
        assert control["Dropdown"]["Type"] == "SINGLE_SELECT"
        assert set(control["Dropdown"]["SelectableValues"]["Values"]) == {reading.value for reading in Reading}


def test_every_chart_has_a_place_and_an_id_of_its_own(dashboard):
    """QuickSight refuses a definition in which two things have one id, or one lies outside its sheet."""
    visuals = [visual["VisualId"] for visual in _visuals(dashboard)]
    fields = [field["FieldId"] for field in _found(dashboard, "Column") if "FieldId" in field]
    placed = [element["ElementId"] for element in _found(dashboard, "ElementId")]
    assert len(set(visuals)) == len(visuals)
    assert len(set(fields)) == len(fields)
    assert sorted(placed) == sorted(visuals)
    for element in _found(dashboard, "ElementId"):
        assert element["ColumnIndex"] + element["ColumnSpan"] <= 36


def test_deploying_waits_for_no_copy_of_a_mart(insights):
    """Before the first night there is none to copy, and CloudFormation would wait for a day and a half."""
    for data_set in insights.all(SET):
        assert data_set.properties["IngestionWaitPolicy"] == {"WaitForSpiceIngestion": False}


def test_quicksight_would_accept_the_definition(insights):
    """The AWS client checks names, kinds and lengths before it sends anything."""
    import boto3
    from botocore.validate import ParamValidator

    api = boto3.client("quicksight", region_name="eu-west-1").meta.service_model
    for kind, call in ((SOURCE, "CreateDataSource"), (SET, "CreateDataSet"), (DASHBOARD, "CreateDashboard")):
        for resource in insights.all(kind):
            given = _resolved(resource.properties)
            # What CloudFormation itself is to wait for, and no parameter of the service's.
            given.pop("IngestionWaitPolicy", None)
            report = ParamValidator().validate(given, api.operation_model(call).input_shape)
            assert not report.has_errors(), report.generate_report()


def test_the_templates_keep_to_the_rules_with_quicksight_too(insights):
    """cdk-nag has rules for QuickSight, cfn-lint its schema."""
    assert insights.findings() == []
    templates = [str(path) for path in insights.directory.glob("*-insights.template.json")]
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--config-file", str(ROOT / ".cfnlintrc"), "--"]
    lint = subprocess.run([*command, *templates], capture_output=True, text=True, check=False, cwd=ROOT)
    assert templates
    assert lint.returncode == 0, lint.stdout + lint.stderr


def _tables(insights) -> dict[str, dict[str, Any]]:
    """Return what each data set reads, by the name of the mart."""
    tables = [_table(resource) for resource in insights.all(SET)]
    return {table["Name"]: table for table in tables}


def _table(resource) -> dict[str, Any]:
    (physical,) = resource.properties["PhysicalTableMap"].values()
    return physical["RelationalTable"]


def _found(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Give every object that has the key, however deep it stands."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for part in value.values():
            yield from _found(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _found(part, key)


def _columns(value: Any) -> set[str]:
    return {found["ColumnName"] for found in _found(value, "ColumnName")}


def _visuals(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for sheet in dashboard["Sheets"] for visual in sheet["Visuals"] for each in visual.values()]


def _colours(visual: dict[str, Any]) -> set[str]:
    return {name for wells in _found(visual, "Colors") for name in _columns(wells["Colors"])}


def _resolved(value: Any) -> Any:
    """Return the properties with references to other resources as some text."""
    if isinstance(value, dict):
        if {"Ref", "Fn::GetAtt", "Fn::Join"} & set(value):
            return "123456789012"
        return {name: _resolved(part) for name, part in value.items()}
    return [_resolved(part) for part in value] if isinstance(value, list) else value
