"""The charts as QuickSight's own definition of a dashboard: sheets, visuals, filters, and the choice of a reading."""

from collections.abc import Iterator, Mapping

from aws_cdk import aws_quicksight as quicksight

from glue_jobs.marts import READING, Mart, Reading
from stacks.insights_charts import Chart, Sheet
from stacks.insights_visuals import column, visual

# QuickSight takes letters and digits only.
CHOSEN_READING = "Reading"
# A sheet is 36 columns wide; two charts share a row.
COLUMNS_A_CHART, ROWS_A_CHART = 18, 12

part = quicksight.CfnDashboard


def definition(
    sheets: tuple[Sheet, ...], *, marts: Mapping[str, Mart], arns: Mapping[str, str]
) -> quicksight.CfnDashboard.DashboardVersionDefinitionProperty:
    """Return the definition; `arns` are those of the data sets by the names of their marts."""
    return part.DashboardVersionDefinitionProperty(
        data_set_identifier_declarations=[
            part.DataSetIdentifierDeclarationProperty(identifier=name, data_set_arn=arn) for name, arn in arns.items()
        ],
        parameter_declarations=[_reading_to_choose()],
        filter_groups=[group for sheet in sheets for chart in sheet.charts for group in _filters(sheet, chart)],
        sheets=[_sheet(sheet, marts=marts) for sheet in sheets],
    )


def _reading_to_choose() -> quicksight.CfnDashboard.ParameterDeclarationProperty:
    return part.ParameterDeclarationProperty(
        string_parameter_declaration=part.StringParameterDeclarationProperty(
            name=CHOSEN_READING,
            parameter_value_type="SINGLE_VALUED",
            default_values=part.StringDefaultValuesProperty(static_values=[Reading.PEOPLE_ONLY.value]),
        )
    )


def _sheet(sheet: Sheet, *, marts: Mapping[str, Mart]) -> quicksight.CfnDashboard.SheetDefinitionProperty:
    return part.SheetDefinitionProperty(
        sheet_id=sheet.name,
        name=sheet.title,
        content_type="INTERACTIVE",
        parameter_controls=[_reading_control(sheet)],
        visuals=[visual(chart, marts[chart.mart]) for chart in sheet.charts],
        layouts=[_layout(sheet)],
    )


def _reading_control(sheet: Sheet) -> quicksight.CfnDashboard.ParameterControlProperty:
    return part.ParameterControlProperty(
        dropdown=part.ParameterDropDownControlProperty(
            parameter_control_id=f"{sheet.name}-reading",
            source_parameter_name=CHOSEN_READING,
            title="Reading, of charts without both",
            type="SINGLE_SELECT",
            selectable_values=part.ParameterSelectableValuesProperty(values=[reading.value for reading in Reading]),
        )
    )


def _layout(sheet: Sheet) -> quicksight.CfnDashboard.LayoutProperty:
    elements = [
        part.GridLayoutElementProperty(
            element_id=chart.mart,
            element_type="VISUAL",
            column_index=COLUMNS_A_CHART * (place % 2),
            column_span=COLUMNS_A_CHART,
            row_index=ROWS_A_CHART * (place // 2),
            row_span=ROWS_A_CHART,
        )
        for place, chart in enumerate(sheet.charts)
    ]
    return part.LayoutProperty(
        configuration=part.LayoutConfigurationProperty(
            grid_layout=part.GridLayoutConfigurationProperty(elements=elements)
        )
    )


def _filters(sheet: Sheet, chart: Chart) -> Iterator[quicksight.CfnDashboard.FilterGroupProperty]:
    """Give a group a condition: those of one group would be alternatives."""
    if not chart.shows_both_readings:
        yield _group(sheet, chart, on=READING.name, filters=_equal(chart, READING.name, parameter=CHOSEN_READING))
    for name, value in chart.only:
        yield _group(sheet, chart, on=name, filters=_equal(chart, name, value=value))
    if chart.lists_rows:
        yield _group(sheet, chart, on=chart.across, filters=_at_most(chart))


def _group(
    sheet: Sheet, chart: Chart, *, on: str, filters: quicksight.CfnDashboard.FilterProperty
) -> quicksight.CfnDashboard.FilterGroupProperty:
    only_this = part.SheetVisualScopingConfigurationProperty(
        sheet_id=sheet.name, scope="SELECTED_VISUALS", visual_ids=[chart.mart]
    )
    return part.FilterGroupProperty(
        filter_group_id=f"{chart.mart}-{on}",
        cross_dataset="SINGLE_DATASET",
        status="ENABLED",
        filters=[filters],
        scope_configuration=part.FilterScopeConfigurationProperty(
            selected_sheets=part.SelectedSheetsFilterScopeConfigurationProperty(
                sheet_visual_scoping_configurations=[only_this]
            )
        ),
    )


def _equal(
    chart: Chart, name: str, *, parameter: str | None = None, value: str | None = None
) -> quicksight.CfnDashboard.FilterProperty:
    equal = part.CustomFilterConfigurationProperty(
        match_operator="EQUALS", null_option="NON_NULLS_ONLY", parameter_name=parameter, category_value=value
    )
    return part.FilterProperty(
        category_filter=part.CategoryFilterProperty(
            filter_id=f"{chart.mart}-{name}-is",
            column=column(chart.mart, name),
            configuration=part.CategoryFilterConfigurationProperty(custom_filter_configuration=equal),
        )
    )


def _at_most(chart: Chart) -> quicksight.CfnDashboard.FilterProperty:
    return part.FilterProperty(
        numeric_range_filter=part.NumericRangeFilterProperty(
            filter_id=f"{chart.mart}-{chart.across}-at-most",
            column=column(chart.mart, chart.across),
            null_option="NON_NULLS_ONLY",
            range_maximum=part.NumericRangeFilterValueProperty(static_value=chart.at_most),
            include_maximum=True,
        )
    )
