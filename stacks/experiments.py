"""Experiments of AWS Fault Injection Service on the streams, for a stage that asks for them.

Deploying breaks nothing: an experiment runs when somebody starts it, bills by the minute of its actions, and ends by
itself. What the drills try on a laptop can so be tried on the real services.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_fis as fis
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.parts.permission import allow

THROTTLED = "aws:kinesis:stream-provisioned-throughput-exception"
EXPIRED = "aws:kinesis:stream-expired-iterator-exception"
# Half of the time nothing gets through, then a half, then a quarter: the way back is part of what is to be seen.
PERCENTAGES = (100, 50, 25)
MINUTES = 5
# More than a fault of some minutes may do: a detector that does not come back, records that were given up.
STOPPED_BY = ("DetectorDown", "Silence", "DeadLettersWaiting")


class ExperimentsStack(Stack):
    """For each stream: writing and reading throttled, and iterators that expire."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        streams: Mapping[str, kinesis.IStream],
        alarms: Sequence[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self._stops = [
            fis.CfnExperimentTemplate.ExperimentTemplateStopConditionProperty(
                source="aws:cloudwatch:alarm", value=alarm.alarm_arn
            )
            for alarm in alarms
            if alarm.node.id in STOPPED_BY
        ]
        self._role = _role(self, streams=list(streams.values()))
        for name, stream in streams.items():
            self._experiment(f"{name}Throttled", THROTTLED, stream, PERCENTAGES)
            self._experiment(f"{name}IteratorsExpired", EXPIRED, stream, PERCENTAGES[:1])

    def _experiment(self, name: str, action: str, stream: kinesis.IStream, percentages: Sequence[int]) -> None:
        part = fis.CfnExperimentTemplate
        steps = [f"At{percentage}Percent" for percentage in percentages]
        experiment = part(
            self,
            name,
            description=f"Floorwalker: {name}",
            role_arn=self._role.role_arn,
            stop_conditions=self._stops,
            targets={
                "Stream": part.ExperimentTemplateTargetProperty(
                    resource_type="aws:kinesis:stream", resource_arns=[stream.stream_arn], selection_mode="ALL"
                )
            },
            actions={
                step: part.ExperimentTemplateActionProperty(
                    action_id=action,
                    parameters={"duration": f"PT{MINUTES}M", "percentage": str(percentage), "service": "kinesis"},
                    targets={"KinesisStreams": "Stream"},
                    start_after=[before] if before else None,
                )
                for step, before, percentage in zip(steps, ["", *steps], percentages, strict=False)
            },
            tags={"Name": f"{self.stack_name}-{name}"},
        )
        CfnOutput(self, f"{name}Experiment", value=experiment.attr_id)


def _role(scope: Construct, *, streams: Sequence[kinesis.IStream]) -> iam.Role:
    """Return the role of the experiments, which may break these streams for a while and nothing else.

    Source: https://docs.aws.amazon.com/fis/latest/userguide/experiment-template-example.html
    """
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "fis.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
    )
    arns = [stream.stream_arn for stream in streams]
    allow(role, "kinesis:DescribeStreamSummary", on=arns)
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["kinesis:InjectApiError"],
            resources=["*"],
            conditions={
                "ForAllValues:StringEquals": {
                    "kinesis:FisActionId": [THROTTLED, EXPIRED],
                    "kinesis:FisTargetArns": arns,
                }
            },
        )
    )
    return role
