"""Managed Flink: the application and its log stream."""

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Properties, Resource, api, only, without


class FlinkApplication(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """An application; Ref gives its name. As in AWS it is created without being started."""

    TYPE = "AWS::KinesisAnalyticsV2::Application"
    NAME = "ApplicationName"
    REPLACES = ("ApplicationMode",)

    def create(self) -> None:
        """Create the application."""
        api("kinesisanalyticsv2").create_application(
            **without(self.named, "RunConfiguration", "ApplicationMaintenanceConfiguration")
        )

    def change(self, properties: Properties) -> None:
        """Update it; one that runs is restarted by the service with its new code and settings."""
        service = api("kinesisanalyticsv2")
        described = service.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        service.update_application(
            ApplicationName=self.name,
            CurrentApplicationVersionId=described["ApplicationVersionId"],
            ApplicationConfigurationUpdate=_updates(properties.get("ApplicationConfiguration", {})),
            **_run_update(properties, status=described["ApplicationStatus"]),
            **{f"{name}Update": value for name, value in only(properties, "ServiceExecutionRole").items()},
        )

    def remove(self) -> None:
        """Delete the application, running or not."""
        service = api("kinesisanalyticsv2")
        described = service.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        service.delete_application(ApplicationName=self.name, CreateTimestamp=described["CreateTimestamp"])


def _run_update(properties: Properties, *, status: str) -> Properties:
    """Return how to go on: AWS reads it for an application that runs, and for no other."""
    run = only(properties, "RunConfiguration") if status == "RUNNING" else {}
    return {f"{name}Update": value for name, value in run.items()}


def _updates(configuration: Properties) -> Properties:
    """Return the configuration as UpdateApplication wants it: each name with Update at its end."""
    updates: Properties = {}
    if "ApplicationCodeConfiguration" in configuration:
        code = configuration["ApplicationCodeConfiguration"]
        location = code["CodeContent"]["S3ContentLocation"]
        updates["ApplicationCodeConfigurationUpdate"] = {
            "CodeContentTypeUpdate": code["CodeContentType"],
            "CodeContentUpdate": {
                "S3ContentLocationUpdate": {f"{name}Update": text for name, text in location.items()}
            },
        }
    if "FlinkApplicationConfiguration" in configuration:
        updates["FlinkApplicationConfigurationUpdate"] = {
            f"{part}Update": {f"{name}Update": value for name, value in settings.items()}
            for part, settings in configuration["FlinkApplicationConfiguration"].items()
        }
    if "EnvironmentProperties" in configuration:
        updates["EnvironmentPropertyUpdates"] = configuration["EnvironmentProperties"]
    if "ApplicationSnapshotConfiguration" in configuration:
        enabled = configuration["ApplicationSnapshotConfiguration"]["SnapshotsEnabled"]
        updates["ApplicationSnapshotConfigurationUpdate"] = {"SnapshotsEnabledUpdate": enabled}
    return updates


class ApplicationLogging(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """Where the application logs to; it belongs to the application and goes with it."""

    TYPE = "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption"
    REPLACES = ("ApplicationName", "CloudWatchLoggingOption")

    def create(self) -> None:
        """Add the option to the application."""
        api("kinesisanalyticsv2").add_application_cloud_watch_logging_option(
            ApplicationName=self.properties["ApplicationName"],
            CloudWatchLoggingOption=self.properties["CloudWatchLoggingOption"],
        )

    def remove(self) -> None:
        """Take the options of the application away."""
        service = api("kinesisanalyticsv2")
        name = self.properties["ApplicationName"]
        listed = {summary["ApplicationName"] for summary in service.list_applications()["ApplicationSummaries"]}
        if name not in listed:
            return
        detail = service.describe_application(ApplicationName=name)["ApplicationDetail"]
        for option in detail.get("CloudWatchLoggingOptionDescriptions", []):
            service.delete_application_cloud_watch_logging_option(
                ApplicationName=name, CloudWatchLoggingOptionId=option["CloudWatchLoggingOptionId"]
            )
