"""About whom no alert is sent: the one table that people edit, read by the responder and by the lake."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from commerce.allowance import PARTITION_KEY, TIME_TO_LIVE_ATTRIBUTE
from stacks.parts.forgetful_table import forgetful_table
from stacks.stages import Stage


class AllowListStack(Stack):
    """The table of the allow list. It has a stack of its own because two others read it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.table: dynamodb.ITable = forgetful_table(
            self, "AllowListTable", stage=stage, key=PARTITION_KEY, forgets_by=TIME_TO_LIVE_ATTRIBUTE
        )
        CfnOutput(self, "AllowListTableName", value=self.table.table_name)
