"""CloudWatch alarms and log streams."""

from typing import Any

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Resource, api


class Alarm(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """An alarm; Ref gives its name, GetAtt its Arn."""

    TYPE = "AWS::CloudWatch::Alarm"
    NAME = "AlarmName"

    def create(self) -> None:
        """Create the alarm."""
        api("cloudwatch").put_metric_alarm(**self.named)

    def remove(self) -> None:
        """Delete the alarm."""
        api("cloudwatch").delete_alarms(AlarmNames=[self.name])

    def attributes(self) -> dict[str, Any]:
        """Return the Arn."""
        return {"Arn": f"arn:aws:cloudwatch:{self.region}:{self.account_id}:alarm:{self.name}"}


class LogStream(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A log stream; Ref gives its name."""

    TYPE = "AWS::Logs::LogStream"
    NAME = "LogStreamName"
    REPLACES = ("LogGroupName",)

    def create(self) -> None:
        """Create the stream."""
        api("logs").create_log_stream(logGroupName=self.properties["LogGroupName"], logStreamName=self.name)

    def remove(self) -> None:
        """Delete the stream."""
        api("logs").delete_log_stream(logGroupName=self.properties["LogGroupName"], logStreamName=self.name)
