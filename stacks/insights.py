"""The marts in QuickSight, for a stage that names who is to own them: data sets and a dashboard as code.

QuickSight bills for each of its users and has to be subscribed to by hand first, so it is nobody's by default.
"""

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_quicksight as quicksight
from constructs import Construct

from glue_jobs.marts import mart_named
from stacks.insights_charts import SHEETS
from stacks.insights_dashboard import definition
from stacks.insights_data import data_set, data_source, quicksight_actions
from stacks.stages import Stage

DASHBOARD_ACTIONS = (
    "DescribeDashboard",
    "ListDashboardVersions",
    "QueryDashboard",
    "UpdateDashboard",
    "DeleteDashboard",
    "UpdateDashboardPublishedVersion",
    "DescribeDashboardPermissions",
    "UpdateDashboardPermissions",
)


class InsightsStack(Stack):
    """Athena as a source, a data set for each mart with a chart, and the dashboard, all owned by `owner`, an ARN."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, owner: str, database: str, workgroup: str
    ) -> None:
        super().__init__(scope, construct_id)
        source = data_source(self, stage=stage, owner=owner, workgroup=workgroup)
        marts = {chart.mart: mart_named(chart.mart) for sheet in SHEETS for chart in sheet.charts}
        sets = {
            name: data_set(self, mart, stage=stage, owner=owner, source=source, database=database)
            for name, mart in marts.items()
        }
        part = quicksight.CfnDashboard
        dashboard = part(
            self,
            "Dashboard",
            aws_account_id=Aws.ACCOUNT_ID,
            dashboard_id=f"floorwalker-{stage.name}",
            name=f"Floorwalker {stage.name}",
            definition=definition(SHEETS, marts=marts, arns={name: each.attr_arn for name, each in sets.items()}),
            permissions=[
                part.ResourcePermissionProperty(principal=owner, actions=quicksight_actions(DASHBOARD_ACTIONS))
            ],
        )
        url = f"https://{self.region}.quicksight.aws.amazon.com/sn/dashboards/{dashboard.dashboard_id}"
        CfnOutput(self, "InsightsUrl", value=url)
