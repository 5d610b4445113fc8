"""One chart as QuickSight's visual. The mart says which of its columns are days, numbers and text."""

from aws_cdk import aws_quicksight as quicksight

from glue_jobs.marts import Mart
from stacks.insights_charts import Chart, Kind

part = quicksight.CfnDashboard
_DAYS = ("date", "timestamp")
_NUMBERS = ("bigint", "double", "decimal")


def visual(chart: Chart, mart: Mart) -> quicksight.CfnDashboard.VisualProperty:
    """Return the visual; it is named after the mart."""
    title = part.VisualTitleLabelOptionsProperty(
        visibility="VISIBLE", format_text=part.ShortFormatTextProperty(plain_text=chart.title)
    )
    match chart.kind:
        case Kind.LINES:
            lines = part.LineChartVisualProperty(
                visual_id=chart.mart, title=title, chart_configuration=_lines(chart, mart)
            )
            return part.VisualProperty(line_chart_visual=lines)
        case Kind.BARS:
            bars = part.BarChartVisualProperty(
                visual_id=chart.mart, title=title, chart_configuration=_bars(chart, mart)
            )
            return part.VisualProperty(bar_chart_visual=bars)
        case Kind.ROWS:
            rows = part.TableVisualProperty(visual_id=chart.mart, title=title, chart_configuration=_rows(chart))
            return part.VisualProperty(table_visual=rows)


def column(mart: str, name: str) -> quicksight.CfnDashboard.ColumnIdentifierProperty:
    """Return a column of the mart's data set, which is known by the mart's name."""
    return part.ColumnIdentifierProperty(data_set_identifier=mart, column_name=name)


def _lines(chart: Chart, mart: Mart) -> quicksight.CfnDashboard.LineChartConfigurationProperty:
    wells = part.LineChartAggregatedFieldWellsProperty(
        category=[_dimension(chart, mart, chart.across)],
        values=[_measure(chart, mart, name) for name in chart.values],
        colors=[_dimension(chart, mart, chart.colour)] if chart.colour else None,
    )
    return part.LineChartConfigurationProperty(
        type="LINE",
        field_wells=part.LineChartFieldWellsProperty(line_chart_aggregated_field_wells=wells),
        sort_configuration=part.LineChartSortConfigurationProperty(category_sort=[_sort(chart, chart.across, "ASC")]),
    )


def _bars(chart: Chart, mart: Mart) -> quicksight.CfnDashboard.BarChartConfigurationProperty:
    wells = part.BarChartAggregatedFieldWellsProperty(
        category=[_dimension(chart, mart, chart.across)],
        values=[_measure(chart, mart, name) for name in chart.values],
    )
    longest = part.ItemsLimitConfigurationProperty(items_limit=chart.at_most, other_categories="EXCLUDE")
    return part.BarChartConfigurationProperty(
        orientation="HORIZONTAL",
        field_wells=part.BarChartFieldWellsProperty(bar_chart_aggregated_field_wells=wells),
        sort_configuration=part.BarChartSortConfigurationProperty(
            category_sort=[_sort(chart, chart.values[0], "DESC")], category_items_limit=longest
        ),
    )


def _rows(chart: Chart) -> quicksight.CfnDashboard.TableConfigurationProperty:
    wells = part.TableUnaggregatedFieldWellsProperty(
        values=[
            part.UnaggregatedFieldProperty(field_id=_field(chart, name), column=column(chart.mart, name))
            for name in (chart.across, *chart.values)
        ]
    )
    return part.TableConfigurationProperty(
        field_wells=part.TableFieldWellsProperty(table_unaggregated_field_wells=wells),
        sort_configuration=part.TableSortConfigurationProperty(row_sort=[_sort(chart, chart.across, "ASC")]),
    )


def _dimension(chart: Chart, mart: Mart, name: str) -> quicksight.CfnDashboard.DimensionFieldProperty:
    field, of = _field(chart, name), column(mart.name, name)
    kind = _type(mart, name)
    if kind.startswith(_DAYS):
        day = part.DateDimensionFieldProperty(field_id=field, column=of, date_granularity="DAY")
        return part.DimensionFieldProperty(date_dimension_field=day)
    if kind.startswith(_NUMBERS):
        number = part.NumericalDimensionFieldProperty(field_id=field, column=of)
        return part.DimensionFieldProperty(numerical_dimension_field=number)
    text = part.CategoricalDimensionFieldProperty(field_id=field, column=of)
    return part.DimensionFieldProperty(categorical_dimension_field=text)


def _measure(chart: Chart, mart: Mart, name: str) -> quicksight.CfnDashboard.MeasureFieldProperty:
    field, of = _field(chart, name), column(mart.name, name)
    if _type(mart, name).startswith(_NUMBERS):
        summed = part.NumericalAggregationFunctionProperty(simple_numerical_aggregation="SUM")
        number = part.NumericalMeasureFieldProperty(field_id=field, column=of, aggregation_function=summed)
        return part.MeasureFieldProperty(numerical_measure_field=number)
    counted = part.CategoricalMeasureFieldProperty(field_id=field, column=of, aggregation_function="DISTINCT_COUNT")
    return part.MeasureFieldProperty(categorical_measure_field=counted)


def _sort(chart: Chart, name: str, direction: str) -> quicksight.CfnDashboard.FieldSortOptionsProperty:
    by = part.FieldSortProperty(field_id=_field(chart, name), direction=direction)
    return part.FieldSortOptionsProperty(field_sort=by)


def _type(mart: Mart, name: str) -> str:
    return {found.name: found.type for found in mart.table.columns}[name]


def _field(chart: Chart, name: str) -> str:
    """Return the field's id, which must be the only one of its name on the dashboard."""
    return f"{chart.mart}.{name}"
