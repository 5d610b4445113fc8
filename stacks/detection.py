"""The detector on Managed Flink, and what makes sure that deploying leaves it running."""

from aws_cdk import ArnFormat, CfnOutput, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from commerce.settings import encode, to_environment
from flink_app.settings import PROPERTY_GROUP, DetectorSettings
from lambdas.start_detector.settings import APPLICATION_ACTIONS, StartDetectorSettings
from stacks.packaging import detector_jar, detector_zip, function_zip
from stacks.parts.function import Function
from stacks.parts.log_group import log_group
from stacks.parts.permission import allow
from stacks.parts.rest import Rest
from stacks.stages import Stage

RUN_OPTIONS = "kinesis.analytics.flink.run.options"
CHECKPOINT_MILLISECONDS = 10_000


class DetectionStack(Stack):
    """Reads the events stream, writes the incidents stream."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, events: kinesis.Stream, incidents: kinesis.Stream
    ) -> None:
        super().__init__(scope, construct_id)
        code = assets.Asset(self, "Code", path=str(detector_zip()))
        logs_of_flink = log_group(self, "Logs", stage=stage)
        log_stream = logs.LogStream(self, "LogStream", log_group=logs_of_flink, removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"))
        _let_read(role, code=code)
        _let_log(role, to=logs_of_flink)
        events.grant_read(role)
        incidents.grant_write(role)
        settings = DetectorSettings(
            region=self.region,
            events_stream=events.stream_name,
            incidents_stream=incidents.stream_name,
            allowed_lateness_seconds=stage.allowed_lateness_seconds,
            threshold_overrides=stage.threshold_overrides,
            known_networks=stage.known_networks,
            behavioural_risk=stage.behavioural_risk,
            shop_time_zone=stage.shop_time_zone,
        )
        self.application = _application(self, stage=stage, code=code, role=role, settings=settings)
        # The service fetches the code with the role as soon as the application is there: the policy has to be first.
        self.application.node.add_dependency(role)
        logging = _logging(self, application=self.application, log_stream=log_stream, log_group=logs_of_flink)
        starter = _starter(self, stage=stage)
        _let_start(starter, application=self.application)
        running = _running(self, starter=starter, application=self.application, code=code)
        running.node.add_dependency(logging)
        if stage.detector_rests:
            Rest(self, "Rest", application=self.application, hours=stage.detector_rests)
        CfnOutput(self, "DetectorName", value=self.application.ref)


def _application(
    scope: Construct, *, stage: Stage, code: assets.Asset, role: iam.Role, settings: DetectorSettings
) -> flink.CfnApplication:
    v2 = flink.CfnApplication
    groups = {
        PROPERTY_GROUP: {name: text for name, text in encode(settings).items() if text},
        RUN_OPTIONS: {"python": "flink_app/main.py", "jarfile": f"lib/{detector_jar().name}"},
    }
    return v2(
        scope,
        "Detector",
        runtime_environment="FLINK-1_20",
        service_execution_role=role.role_arn,
        application_description="Floorwalker: tells bots and attacks from people",
        application_configuration=v2.ApplicationConfigurationProperty(
            application_code_configuration=_code(code),
            environment_properties=v2.EnvironmentPropertiesProperty(
                property_groups=[
                    v2.PropertyGroupProperty(property_group_id=name, property_map=texts)
                    for name, texts in groups.items()
                ]
            ),
            flink_application_configuration=_flink_configuration(stage),
            application_snapshot_configuration=v2.ApplicationSnapshotConfigurationProperty(snapshots_enabled=True),
        ),
        run_configuration=_run_configuration(),
    )


def _run_configuration() -> flink.CfnApplication.RunConfigurationProperty:
    """Return how a detector that runs comes back from an update; one that is stopped is started by the starter."""
    v2 = flink.CfnApplication
    return v2.RunConfigurationProperty(
        application_restore_configuration=v2.ApplicationRestoreConfigurationProperty(
            application_restore_type="RESTORE_FROM_LATEST_SNAPSHOT"
        ),
        # A rule taken out leaves state that nobody claims. An update that does not say this sets it to false, whatever
        # the last start said, and the detector would not come back.
        flink_run_configuration=v2.FlinkRunConfigurationProperty(allow_non_restored_state=True),
    )


def _code(code: assets.Asset) -> flink.CfnApplication.ApplicationCodeConfigurationProperty:
    v2 = flink.CfnApplication
    return v2.ApplicationCodeConfigurationProperty(
        code_content_type="ZIPFILE",
        code_content=v2.CodeContentProperty(
            s3_content_location=v2.S3ContentLocationProperty(
                bucket_arn=code.bucket.bucket_arn, file_key=code.s3_object_key
            )
        ),
    )


def _flink_configuration(stage: Stage) -> flink.CfnApplication.FlinkApplicationConfigurationProperty:
    v2 = flink.CfnApplication
    return v2.FlinkApplicationConfigurationProperty(
        checkpoint_configuration=v2.CheckpointConfigurationProperty(
            configuration_type="CUSTOM",
            checkpointing_enabled=True,
            checkpoint_interval=CHECKPOINT_MILLISECONDS,
            min_pause_between_checkpoints=CHECKPOINT_MILLISECONDS // 2,
        ),
        monitoring_configuration=v2.MonitoringConfigurationProperty(
            configuration_type="CUSTOM", log_level="INFO", metrics_level="APPLICATION"
        ),
        parallelism_configuration=v2.ParallelismConfigurationProperty(
            configuration_type="CUSTOM",
            parallelism=stage.detector_parallelism,
            parallelism_per_kpu=stage.detector_parallelism_per_kpu,
            auto_scaling_enabled=False,
        ),
    )


def _logging(
    scope: Stack, *, application: flink.CfnApplication, log_stream: logs.LogStream, log_group: logs.LogGroup
) -> flink.CfnApplicationCloudWatchLoggingOption:
    v2 = flink.CfnApplicationCloudWatchLoggingOption
    arn = scope.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{log_group.log_group_name}:log-stream:{log_stream.log_stream_name}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return v2(
        scope,
        "Logging",
        application_name=application.ref,
        cloud_watch_logging_option=v2.CloudWatchLoggingOptionProperty(log_stream_arn=arn),
    )


def _starter(scope: Construct, *, stage: Stage) -> Function:
    """Return the function that starts and stops the detector: creating the application does not start it."""
    return Function(
        scope,
        "Starter",
        stage=stage,
        name="start_detector",
        code=function_zip("start_detector"),
        environment=to_environment(StartDetectorSettings()),
        timeout=Duration.minutes(15),
    )


def _running(
    scope: Construct, *, starter: Function, application: flink.CfnApplication, code: assets.Asset
) -> CustomResource:
    return CustomResource(
        scope,
        "Running",
        resource_type="Custom::RunningDetector",
        service_token=starter.function_arn,
        service_timeout=Duration.minutes(15),
        # The code's key changes with the code, so that an update starts it again where it was stopped.
        properties={"ApplicationName": application.ref, "CodeKey": code.s3_object_key},
    )


def _let_start(starter: Function, *, application: flink.CfnApplication) -> None:
    arn = Stack.of(application).format_arn(
        service="kinesisanalytics", resource="application", resource_name=application.ref
    )
    allow(starter, *APPLICATION_ACTIONS, on=[arn])


def _let_read(role: iam.Role, *, code: assets.Asset) -> None:
    key = code.bucket.arn_for_objects(code.s3_object_key)
    allow(role, "s3:GetObject", "s3:GetObjectVersion", on=[key])


def _let_log(role: iam.Role, *, to: logs.LogGroup) -> None:
    allow(role, "logs:DescribeLogStreams", "logs:PutLogEvents", on=[to.log_group_arn])
    # To list log groups cannot be allowed for one of them.
    every = Stack.of(role).format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    allow(role, "logs:DescribeLogGroups", on=[every])
