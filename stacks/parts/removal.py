"""What destroying a stage does to what it has stored."""

from aws_cdk import RemovalPolicy

from stacks.stages import Stage


def removal_policy(stage: Stage) -> RemovalPolicy:
    """Return whether stored data outlives the stack: only where the stage says so."""
    return RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY
