"""The marts as QuickSight sees them: one data set a mart, its columns those that the mart declares."""

from aws_cdk import Aws
from aws_cdk import aws_quicksight as quicksight
from constructs import Construct

from glue_jobs.marts import Mart
from glue_jobs.tables import Column
from stacks.stages import Stage

SOURCE_ACTIONS = (
    "DescribeDataSource",
    "DescribeDataSourcePermissions",
    "PassDataSource",
    "UpdateDataSource",
    "DeleteDataSource",
    "UpdateDataSourcePermissions",
)
SET_ACTIONS = (
    "DescribeDataSet",
    "DescribeDataSetPermissions",
    "PassDataSet",
    "DescribeIngestion",
    "ListIngestions",
    "UpdateDataSet",
    "DeleteDataSet",
    "CreateIngestion",
    "CancelIngestion",
    "UpdateDataSetPermissions",
)
# By the first word of the Hive type. A decimal has a sub type: exact, as money has to be, or a double.
_TYPES = {
    "string": ("STRING", None),
    "bigint": ("INTEGER", None),
    "decimal": ("DECIMAL", "FIXED"),
    "double": ("DECIMAL", "FLOAT"),
    "date": ("DATETIME", None),
    "timestamp": ("DATETIME", None),
    "boolean": ("BOOLEAN", None),
}
# The nightly run has ended by then, or somebody has a mail.
COPIED_AT_UTC = "06:00"


def data_source(scope: Construct, *, stage: Stage, owner: str, workgroup: str) -> quicksight.CfnDataSource:
    """Return Athena as a source: questions go through the workgroup, which encrypts answers and caps what they scan."""
    part = quicksight.CfnDataSource
    return part(
        scope,
        "Athena",
        aws_account_id=Aws.ACCOUNT_ID,
        data_source_id=f"floorwalker-{stage.name}",
        name=f"Floorwalker {stage.name}",
        type="ATHENA",
        data_source_parameters=part.DataSourceParametersProperty(
            athena_parameters=part.AthenaParametersProperty(work_group=workgroup)
        ),
        ssl_properties=part.SslPropertiesProperty(disable_ssl=False),
        permissions=[part.ResourcePermissionProperty(principal=owner, actions=quicksight_actions(SOURCE_ACTIONS))],
    )


def data_set(
    scope: Construct, mart: Mart, *, stage: Stage, owner: str, source: quicksight.CfnDataSource, database: str
) -> quicksight.CfnDataSet:
    """Return the mart as a data set, with a copy of it every morning where the stage says so."""
    part = quicksight.CfnDataSet
    table = part.RelationalTableProperty(
        data_source_arn=source.attr_arn,
        catalog="AwsDataCatalog",
        schema=database,
        name=mart.name,
        input_columns=[_column(column) for column in mart.table.columns],
    )
    created = part(
        scope,
        "".join(word.title() for word in mart.name.split("_")),
        aws_account_id=Aws.ACCOUNT_ID,
        data_set_id=f"floorwalker-{stage.name}-{mart.name}",
        name=f"Floorwalker {stage.name}: {mart.title}",
        import_mode="SPICE" if stage.quicksight_spice else "DIRECT_QUERY",
        physical_table_map={"mart": part.PhysicalTableProperty(relational_table=table)},
        permissions=[part.ResourcePermissionProperty(principal=owner, actions=quicksight_actions(SET_ACTIONS))],
        # A mart's table is there after the first night: a deployment must not wait for it.
        ingestion_wait_policy=part.IngestionWaitPolicyProperty(wait_for_spice_ingestion=False),
    )
    if stage.quicksight_spice:
        _copy_every_morning(scope, created)
    return created


def _column(column: Column) -> quicksight.CfnDataSet.InputColumnProperty:
    kind, sub_type = _TYPES[column.type.partition("(")[0]]
    return quicksight.CfnDataSet.InputColumnProperty(name=column.name, type=kind, sub_type=sub_type)


def _copy_every_morning(scope: Construct, copied: quicksight.CfnDataSet) -> None:
    part = quicksight.CfnRefreshSchedule
    schedule = part(
        scope,
        f"{copied.node.id}EveryMorning",
        aws_account_id=Aws.ACCOUNT_ID,
        # Not its reference, which holds the account as well.
        data_set_id=copied.data_set_id,
        schedule=part.RefreshScheduleMapProperty(
            schedule_id="every-morning",
            refresh_type="FULL_REFRESH",
            schedule_frequency=part.ScheduleFrequencyProperty(
                interval="DAILY", time_of_the_day=COPIED_AT_UTC, time_zone="UTC"
            ),
        ),
    )
    schedule.add_resource_dependency(copied)


def quicksight_actions(names: tuple[str, ...]) -> list[str]:
    """Return the actions as a permission names them. QuickSight takes only the sets that it knows as roles."""
    return [f"quicksight:{name}" for name in names]
