"""Which resource plays which part, told from the settings that the stacks hand to the programs."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flink_app.settings import PROPERTY_GROUP
from stacks.cost.templates import Resource, Templates

FIREHOSE = "AWS::KinesisFirehose::DeliveryStream"
APPLICATION = "AWS::KinesisAnalyticsV2::Application"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"
SUBSCRIPTION = "AWS::SNS::Subscription"
BUCKET = "AWS::S3::Bucket"
WORKGROUP = "AWS::Athena::WorkGroup"
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
        return float(self._told_detector["tally_seconds"])

    @cached_property
    def behavioural_risk(self) -> bool:
        """Whether the detector writes signals of behavioural risk."""
        return bool(self._told_detector["behavioural_risk"] == "true")

    @property
    def detector_parallelism(self) -> int:
        """How many subtasks of each kind the detector has."""
        return int(self._parallelism["Parallelism"])

    @property
    def detector_parallelism_per_kpu(self) -> int:
        """How many of these subtasks share a KPU."""
        return int(self._parallelism["ParallelismPerKPU"])

    @property
    def detector_units(self) -> int:
        """On how many KPUs the detector works, that of orchestration aside."""
        return math.ceil(self.detector_parallelism / self.detector_parallelism_per_kpu)

    @property
    def events_shards(self) -> int | None:
        """How many shards the stream of events has; None where it is on demand."""
        stream = next(each for each in self.templates.resources if each.key == self.events_stream)
        shards: int | None = stream.properties.get("ShardCount")
        return shards

    @property
    def bytes_scanned_cutoff(self) -> int:
        """After how many bytes Athena stops a question."""
        configuration = self._only(WORKGROUP).properties["WorkGroupConfiguration"]
        return int(configuration["BytesScannedCutoffPerQuery"])

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
        return self.templates.named_by(self._only(WORKGROUP), *path)

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
        return next(place for place, group in enumerate(self._groups) if group["PropertyGroupId"] == PROPERTY_GROUP)

    @property
    def _told_detector(self) -> Mapping[str, Any]:
        settings: Mapping[str, Any] = self._groups[self._place]["PropertyMap"]
        return settings

    @property
    def _groups(self) -> list[Mapping[str, Any]]:
        configuration = self.detector.properties["ApplicationConfiguration"]
        groups: list[Mapping[str, Any]] = configuration["EnvironmentProperties"]["PropertyGroups"]
        return groups

    @property
    def _parallelism(self) -> Mapping[str, Any]:
        configuration = self.detector.properties["ApplicationConfiguration"]["FlinkApplicationConfiguration"]
        parallelism: Mapping[str, Any] = configuration["ParallelismConfiguration"]
        return parallelism

    def _only(self, resource_type: str) -> Resource:
        found = self.templates.all(resource_type)
        if len(found) != 1:
            raise UnknownPartError(f"{len(found)} resources of type {resource_type}, and the model knows one")
        return found[0]
