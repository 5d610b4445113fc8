"""A log group that ends: logs are kept as long as the stage says, and go when the stage goes."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.stages import Stage


def log_group(scope: Construct, construct_id: str, *, stage: Stage) -> logs.LogGroup:
    """Return a log group with the stage's retention."""
    group = logs.LogGroup(scope, construct_id, removal_policy=RemovalPolicy.DESTROY)
    cast(logs.CfnLogGroup, group.node.default_child).retention_in_days = stage.log_retention_days
    return group
