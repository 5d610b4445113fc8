"""Every number that the dashboard and the alarms look at, each named once.

Our own come from the catalogue in commerce.metrics; the rest are what the AWS services publish by themselves.
"""

from collections.abc import Iterable

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_

from commerce import metrics
from stacks.detection import DetectionStack
from stacks.lake import LakeStack
from stacks.parts.delivery import Delivery
from stacks.response import ResponseStack
from stacks.stages import Stage
from stacks.streams import StreamsStack

FIVE_MINUTES = Duration.minutes(5)
ONE_MINUTE = Duration.minutes(1)
HALF_AN_HOUR = Duration.minutes(30)
# CloudWatch looks back further than a day only over periods of at least an hour.
ONE_HOUR = Duration.hours(1)


class Measures:
    """The numbers of one stage; those of the function that conceals addresses are None where there is none."""

    def __init__(
        self,
        *,
        stage: Stage,
        streams: StreamsStack,
        lake: LakeStack,
        detection: DetectionStack,
        response: ResponseStack,
        conceal: lambda_.IFunction | None = None,
    ) -> None:
        ours = _Catalogue(stage.name)
        self.events_on_time = ours.counted(metrics.EVENTS_ON_TIME)
        self.events_late = ours.counted(metrics.EVENTS_LATE)
        self.records_failed = ours.counted(metrics.RECORDS_FAILED)
        self.allow_list_unread = ours.counted(metrics.ALLOW_LIST_UNREAD)
        self.rejected = ours.sum_over_dimensions(metrics.RECORDS_REJECTED)
        self.rejected_by_reason = ours.each_dimension(metrics.RECORDS_REJECTED)
        self.opened_by_rule = ours.each_dimension(metrics.INCIDENTS_OPENED)
        self.allowed_by_rule = ours.each_dimension(metrics.INCIDENTS_ALLOWED)
        self.alerts_by_rule = ours.each_dimension(metrics.ALERTS_SENT)
        age = "GetRecords.IteratorAgeMilliseconds"
        self.events_age = streams.events.metric(age, statistic="Maximum", period=ONE_MINUTE, label="events")
        self.incidents_age = streams.incidents.metric(age, statistic="Maximum", period=ONE_MINUTE, label="incidents")
        both = {"events": streams.events, "incidents": streams.incidents}
        self.writes_throttled = [
            stream.metric_write_provisioned_throughput_exceeded(statistic="Sum", period=FIVE_MINUTES, label=label)
            for label, stream in both.items()
        ]
        # Each read counts as one or as none: the mean is the share that was refused.
        self.reads_throttled = [
            stream.metric_read_provisioned_throughput_exceeded(statistic="Average", period=FIVE_MINUTES, label=label)
            for label, stream in both.items()
        ]
        self.detector_downtime = _of_detector("downtime", detection)
        self.detector_restarts = _new_restarts(_of_detector("fullRestarts", detection))
        self.responder_errors = response.responder.metric_errors(period=FIVE_MINUTES)
        self.concealer_errors = conceal.metric_errors(period=FIVE_MINUTES) if conceal else None
        self.unconcealed = _unconcealed(self.concealer_errors, lake.deliveries) if self.concealer_errors else None
        self.concealer_throttles = conceal.metric_throttles(period=FIVE_MINUTES) if conceal else None
        self.dead_letters = response.dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)
        self.curate_successes = _matches(lake.jobs.curate_succeeded)
        self.marts_successes = _matches(lake.jobs.marts_succeeded)
        self.delivery_ages = [
            _of_firehose(delivery, "DeliveryToS3.DataFreshness", statistic="Maximum") for delivery in lake.deliveries
        ]
        self.deliveries_stopped = [
            _stopped(stream, delivery)
            for stream, delivery in zip((streams.events, streams.incidents), lake.deliveries, strict=True)
        ]


class _Catalogue:
    """The metrics of the catalogue, as one stage publishes them."""

    def __init__(self, stage: str) -> None:
        self._namespace = metrics.namespace(stage)

    def counted(self, metric: metrics.Metric) -> cloudwatch.Metric:
        """Return the sum of a metric that has no dimensions."""
        return cloudwatch.Metric(
            namespace=self._namespace,
            metric_name=metric.name,
            statistic="Sum",
            period=FIVE_MINUTES,
            label=metric.name,
        )

    def sum_over_dimensions(self, metric: metrics.Metric) -> cloudwatch.MathExpression:
        """Return the sum over all values of the dimensions; a query, because an alarm takes ten metrics, no search."""
        schema = ", ".join((f'"{self._namespace}"', *metric.dimensions))
        return cloudwatch.MathExpression(
            expression=f"SELECT SUM({metric.name}) FROM SCHEMA({schema})", period=FIVE_MINUTES, label=metric.name
        )

    def each_dimension(self, metric: metrics.Metric) -> cloudwatch.MathExpression:
        """Return one line for each value of the dimensions, also for those that are new."""
        schema = ",".join((self._namespace, *metric.dimensions))
        search = f"SEARCH('{{{schema}}} MetricName=\"{metric.name}\"', 'Sum', {FIVE_MINUTES.to_seconds():.0f})"
        return cloudwatch.MathExpression(expression=search, period=FIVE_MINUTES, label="")


def _of_firehose(
    delivery: Delivery, name: str, *, statistic: str, period: Duration = FIVE_MINUTES
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Firehose",
        metric_name=name,
        dimensions_map={"DeliveryStreamName": delivery.stream.ref},
        statistic=statistic,
        period=period,
    )


def _stopped(stream: kinesis.IStream, delivery: Delivery) -> cloudwatch.MathExpression:
    """Return 1 where records came in and none went out: Firehose says nothing of its age when it cannot read at all."""
    return cloudwatch.MathExpression(
        expression="IF(FILL(came, 0) > 0 AND FILL(went, 0) == 0, 1, 0)",
        using_metrics={
            "came": stream.metric("IncomingRecords", statistic="Sum", period=HALF_AN_HOUR),
            "went": _of_firehose(delivery, "DeliveryToS3.Records", statistic="Sum", period=HALF_AN_HOUR),
        },
        period=HALF_AN_HOUR,
    )


def _unconcealed(errors: cloudwatch.Metric, deliveries: Iterable[Delivery]) -> cloudwatch.MathExpression:
    """Return how often the function failed, or could not be asked: Lambda counts what it refuses nowhere."""
    name = "ExecuteProcessing.Success"
    shares = {f"d{place}": _of_firehose(each, name, statistic="Minimum") for place, each in enumerate(deliveries)}
    refused = " + ".join(f"IF(FILL({share}, 1) < 1, 1, 0)" for share in shares)
    return cloudwatch.MathExpression(
        expression=f"FILL(errors, 0) + {refused}",
        using_metrics={"errors": errors, **shares},
        period=FIVE_MINUTES,
    )


def _of_detector(name: str, detection: DetectionStack) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/KinesisAnalytics",
        metric_name=name,
        dimensions_map={"Application": detection.application.ref},
        statistic="Maximum",
        period=FIVE_MINUTES,
        label=name,
    )


def _new_restarts(total: cloudwatch.Metric) -> cloudwatch.MathExpression:
    """Flink counts restarts since the job was submitted; what matters is whether the count rises."""
    return cloudwatch.MathExpression(
        expression="DIFF(restarts)", using_metrics={"restarts": total}, period=FIVE_MINUTES, label="restarts"
    )


def _matches(rule: events.CfnRule) -> cloudwatch.Metric:
    """Return how many events the rule matched; it has one whether or not the rule has a target."""
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="TriggeredRules",
        dimensions_map={"RuleName": rule.ref},
        statistic="Sum",
        period=ONE_HOUR,
    )
