"""Which resource plays which part, told from the settings that the stacks hand to the programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flink_app.settings import PROPERTY_GROUP
from stacks.cost.templates import Resource, Templates

FIREHOSE = "AWS::KinesisFirehose::DeliveryStream"
APPLICATION = "AWS::KinesisAnalyticsV2::Application"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"
SUBSCRIPTION = "AWS::SNS::Subscription"
BUCKET = "AWS::S3::Bucket"
JOB = "AWS::Glue::Job"
TRIGGER = "AWS::Glue::Trigger"
SCHEDULE = "AWS::Scheduler::Schedule"
DELIVERED_TO = ("ExtendedS3DestinationConfiguration", "BucketARN")
_GROUPS = ("ApplicationConfiguration", "EnvironmentProperties", "PropertyGroups")


class UnknownPartError(LookupError):
    """A resource whose part in the platform the model does not know; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Who is connected to whom in the templates of one stage."""

    templates: Templates

    @cached_property
    def detector(self) -> Resource:
        """The Managed Flink application."""
        return self._only(APPLICATION)

    @cached_property
    def event_source(self) -> Resource:
        """What hands the incidents stream to the responder."""
        return self._only(EVENT_SOURCE)

    @cached_property
    def events_stream(self) -> str:
        """The stream that the detector reads."""
        return self._of_detector("events_stream")

    @cached_property
    def incidents_stream(self) -> str:
        """The stream that the detector writes."""
        return self._of_detector("incidents_stream")

    @cached_property
    def tally_seconds(self) -> float:
        """How often the detector accounts for what it read."""
        groups = self.detector.properties["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
        return float(groups[self._place]["PropertyMap"]["tally_seconds"])

    def readers(self, stream: str) -> int:
        """Return how many programs read every record of a stream."""
        return sum(source == stream for source in self._sources())

    def _sources(self) -> Iterator[str | None]:
        for delivery in self.templates.all(FIREHOSE):
            yield self.templates.named_by(delivery, "KinesisStreamSourceConfiguration", "KinesisStreamARN")
        for source in self.templates.all(EVENT_SOURCE):
            yield self.templates.named_by(source, "EventSourceArn")
        yield self.events_stream

    def deliveries_through(self, function: str) -> list[str]:
        """Return the streams whose records Firehose hands to this function before it stores them."""
        settings = ("ExtendedS3DestinationConfiguration", "ProcessingConfiguration", "Processors")
        through = [
            each for each in self.templates.all(FIREHOSE) if self.templates.named_by(each, *settings) == function
        ]
        sources = (
            self.templates.named_by(each, "KinesisStreamSourceConfiguration", "KinesisStreamARN") for each in through
        )
        return [source for source in sources if source is not None]

    @cached_property
    def responder(self) -> Resource:
        """The function that answers the incidents stream."""
        key = self.templates.named_by(self.event_source, "FunctionName")
        return next(resource for resource in self.templates.resources if resource.key == key)

    def of_responder(self, variable: str) -> str | None:
        """Return the resource that an environment variable of the responder names."""
        return self.templates.named_by(self.responder, "Environment", "Variables", variable)

    @property
    def row_retention_days(self) -> float:
        """How long the responder keeps the row of an incident."""
        return float(self.responder.properties["Environment"]["Variables"]["RETENTION_DAYS"])

    @property
    def log_retention_days(self) -> float:
        """How long logs are kept at most."""
        return max(float(group.properties["RetentionInDays"]) for group in self.templates.all("AWS::Logs::LogGroup"))

    @cached_property
    def raw_bucket(self) -> str | None:
        """The bucket that Firehose delivers to."""
        return self.templates.named_by(self.templates.all(FIREHOSE)[0], *DELIVERED_TO)

    @cached_property
    def lake_bucket(self) -> str | None:
        """The bucket that Athena writes its answers to, beside the tables."""
        path = ("WorkGroupConfiguration", "ResultConfiguration", "OutputLocation")
        return self.templates.named_by(self._only("AWS::Athena::WorkGroup"), *path)

    @cached_property
    def access_logs(self) -> set[str | None]:
        """The buckets that others log their accesses to."""
        path = ("LoggingConfiguration", "DestinationBucketName")
        return {self.templates.named_by(bucket, *path) for bucket in self.templates.all(BUCKET)}

    def deployers(self) -> set[str | None]:
        """Return the functions that run only when a stack is deployed: those behind custom resources."""
        return {self.templates.named_by(resource, "ServiceToken") for resource in self.templates.resources}

    def _of_detector(self, setting: str) -> str:
        key = self.templates.named_by(self.detector, *_GROUPS, self._place, "PropertyMap", setting)
        if key is None:
            raise UnknownPartError(f"the detector's {setting} names no resource of the templates")
        return key

    @cached_property
    def _place(self) -> int:
        """Where the detector's own group stands among its groups."""
        groups = self.detector.properties["ApplicationConfiguration"]["EnvironmentProperties"]["PropertyGroups"]
        return next(place for place, group in enumerate(groups) if group["PropertyGroupId"] == PROPERTY_GROUP)

    def _only(self, resource_type: str) -> Resource:
        found = self.templates.all(resource_type)
        if len(found) != 1:
            raise UnknownPartError(f"{len(found)} resources of type {resource_type}, and the model knows one")
        return found[0]
