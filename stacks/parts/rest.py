"""A nightly stop of the detector, for a stage that would rather save money than hear of attacks at night.

Stopping takes a snapshot, and starting goes on from the latest one: what came in meanwhile waits in the stream.
"""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from stacks.parts.permission import allow

# EventBridge Scheduler would try for a day: a stop that failed at night must not come true at noon.
_TRIES_FOR_SECONDS = 1800
_FROM_SNAPSHOT = {
    "RunConfiguration": {
        "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
        # As after a deployment: a rule taken out leaves state that nobody claims.
        "FlinkRunConfiguration": {"AllowNonRestoredState": True},
    }
}


class Rest(Construct):
    """Two schedules that call the service itself: stop at the first of `hours`, start at the second, UTC."""

    def __init__(
        self, scope: Construct, construct_id: str, *, application: flink.CfnApplication, hours: tuple[int, int]
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        arn = Stack.of(self).format_arn(
            service="kinesisanalytics", resource="application", resource_name=application.ref
        )
        allow(self.role, "kinesisanalytics:StartApplication", "kinesisanalytics:StopApplication", on=[arn])
        name = {"ApplicationName": application.ref}
        stops_at_hour, starts_at_hour = hours
        self._every_day("Stop", hour=stops_at_hour, action="stopApplication", request=name)
        self._every_day("Start", hour=starts_at_hour, action="startApplication", request={**name, **_FROM_SNAPSHOT})

    def _every_day(self, construct_id: str, *, hour: int, action: str, request: Mapping[str, object]) -> None:
        scheduler.CfnSchedule(
            self,
            construct_id,
            description=f"Floorwalker: {construct_id.lower()}s the detector",
            schedule_expression=f"cron(0 {hour} * * ? *)",
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=f"arn:{Stack.of(self).partition}:scheduler:::aws-sdk:kinesisanalyticsv2:{action}",
                role_arn=self.role.role_arn,
                input=Stack.of(self).to_json_string(request),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_event_age_in_seconds=_TRIES_FOR_SECONDS),
            ),
        )
