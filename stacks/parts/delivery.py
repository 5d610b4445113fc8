"""Firehose from a stream to a bucket: the exact bytes of every record, one a line, by the hour they arrived."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.parts.log_group import log_group
from stacks.parts.permission import allow
from stacks.stages import Stage

_ARRIVAL_HOUR = "!{timestamp:yyyy/MM/dd/HH}/"
_FAILURE = "!{firehose:error-output-type}/"


class Delivery(Construct):
    """Delivers `source` below `prefix` of `bucket`, and what cannot be delivered below `error_prefix`.

    With `conceal` each record goes through that function first, which gives back lines.

    The role is written out: the construct library's own grants let Firehose delete objects, which it never does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        source: kinesis.IStream,
        bucket: s3.IBucket,
        prefix: str,
        error_prefix: str,
        conceal: lambda_.IFunction | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        faults = log_group(self, "Logs", stage=stage)
        fault_stream = logs.LogStream(self, "LogStream", log_group=faults, removal_policy=RemovalPolicy.DESTROY)
        _let_read(role, source=source)
        _let_write(role, bucket=bucket, prefixes=(prefix, error_prefix))
        faults.grant_write(role)
        if conceal:
            allow(role, "lambda:InvokeFunction", on=[conceal.function_arn, f"{conceal.function_arn}:$LATEST"])
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=_source(source, role=role),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=bucket.bucket_arn,
                role_arn=role.role_arn,
                compression_format="GZIP",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=stage.delivery_buffer_seconds, size_in_m_bs=stage.delivery_buffer_mebibytes
                ),
                prefix=prefix + _ARRIVAL_HOUR,
                error_output_prefix=error_prefix + _FAILURE + _ARRIVAL_HOUR,
                processing_configuration=_by(conceal, role=role) if conceal else _line_break_after_each_record(),
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=faults.log_group_name,
                    log_stream_name=fault_stream.log_stream_name,
                ),
            ),
        )
        self.stream.node.add_dependency(role)


def _source(
    source: kinesis.IStream, *, role: iam.IRole
) -> firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty:
    return firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
        kinesis_stream_arn=source.stream_arn, role_arn=role.role_arn
    )


def _line_break_after_each_record() -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty:
    part = firehose.CfnDeliveryStream
    line_break = part.ProcessorParameterProperty(parameter_name="Delimiter", parameter_value="\\n")
    processor = part.ProcessorProperty(type="AppendDelimiterToRecord", parameters=[line_break])
    return part.ProcessingConfigurationProperty(enabled=True, processors=[processor])


def _by(function: lambda_.IFunction, *, role: iam.IRole) -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty:
    part = firehose.CfnDeliveryStream
    parameters = {
        "LambdaArn": f"{function.function_arn}:$LATEST",
        "RoleArn": role.role_arn,
        # A batch that is given up is stored as it came, below the error prefix. Firehose tries again as often as this
        # where the function could not be reached in time or was throttled; of one that fails its pages do not say so.
        "NumberOfRetries": "300",
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": "60",
    }
    processor = part.ProcessorProperty(
        type="Lambda",
        parameters=[
            part.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
            for name, value in parameters.items()
        ],
    )
    return part.ProcessingConfigurationProperty(enabled=True, processors=[processor])


def _let_read(role: iam.IRole, *, source: kinesis.IStream) -> None:
    actions = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
    allow(role, *(f"kinesis:{action}" for action in actions), on=[source.stream_arn])


def _let_write(role: iam.IRole, *, bucket: s3.IBucket, prefixes: tuple[str, ...]) -> None:
    allow(role, "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", on=[bucket.bucket_arn])
    allow(
        role,
        "s3:AbortMultipartUpload",
        "s3:PutObject",
        on=[bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
    )
