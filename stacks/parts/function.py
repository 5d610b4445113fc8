"""A Lambda function of ours: its own zip, its own log group, only the permissions that its stack grants."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.parts.log_group import log_group
from stacks.stages import Stage

RUNTIME = lambda_.Runtime.PYTHON_3_14


class Function(lambda_.Function):
    """Runs the `handler` function of the module of that name in `lambdas/<name>`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        code: Path,
        environment: Mapping[str, str],
        timeout: Duration,
        memory_mebibytes: int = 256,
    ) -> None:
        logs = log_group(scope, f"{construct_id}Logs", stage=stage)
        role = iam.Role(scope, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(role)
        super().__init__(
            scope,
            construct_id,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{name}.handler.handler",
            code=lambda_.Code.from_asset(str(code)),
            environment=dict(environment),
            timeout=timeout,
            memory_size=memory_mebibytes,
            role=role,
            log_group=logs,
        )
