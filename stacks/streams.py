"""The two streams that everything else hangs on."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.stages import Stage


class StreamsStack(Stack):
    """What shoppers do goes in by the one, what the detector makes of it goes out by the other."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.events = _stream(self, "Events", stage=stage)
        self.incidents = _stream(self, "Incidents", stage=stage)
        CfnOutput(self, "EventsStreamName", value=self.events.stream_name)
        CfnOutput(self, "IncidentsStreamName", value=self.incidents.stream_name)


def _stream(scope: Construct, construct_id: str, *, stage: Stage) -> kinesis.Stream:
    on_demand = stage.shards_per_stream is None
    return kinesis.Stream(
        scope,
        construct_id,
        stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
        shard_count=stage.shards_per_stream,
        retention_period=Duration.hours(stage.stream_retention_hours),
        encryption=kinesis.StreamEncryption.MANAGED,
        # A stream bills by the hour and holds a copy of what the raw bucket keeps: it goes with the stack.
        removal_policy=RemovalPolicy.DESTROY,
    )
