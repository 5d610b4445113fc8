"""A log group that ends: logs are kept as long as the stage says, and go when the stage goes."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.stages import Stage

# The service takes certain numbers of days only: a stage with another one gets an entry here.
_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    14: logs.RetentionDays.TWO_WEEKS,
    90: logs.RetentionDays.THREE_MONTHS,
}


def log_group(scope: Construct, construct_id: str, *, stage: Stage) -> logs.LogGroup:
    """Return a log group with the stage's retention."""
    return logs.LogGroup(
        scope,
        construct_id,
        retention=_RETENTION[stage.log_retention_days],
        removal_policy=RemovalPolicy.DESTROY,
    )
