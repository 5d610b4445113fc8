"""What destroying a stage does to what it has stored."""

from aws_cdk import RemovalPolicy

from stacks.stages import Stage


def removal_policy(stage: Stage) -> RemovalPolicy:
    """Return whether stored data outlives the stack: only where the stage says so.

    What a deployment that failed has just made is taken back all the same: it is empty, and its names would be in the
    way of the next try.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.retain_data else RemovalPolicy.DESTROY
