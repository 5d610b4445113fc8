"""What an operator looks at, and what wakes one up."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.alarms import alarms
from stacks.detection import DetectionStack
from stacks.lake import LakeStack
from stacks.lake_jobs import BatchJobs
from stacks.measures import Measures
from stacks.response import ResponseStack
from stacks.stages import Stage
from stacks.streams import StreamsStack
from stacks.version import version

# What goes off when the detector is stopped or has much to catch up with.
ALARMS_OF_A_STOPPED_DETECTOR = ("EventsBehind", "EventsReadsThrottled", "DetectorRestarting", "DetectorDown", "Silence")
CATCHING_UP_HOURS = 1
Graph = tuple[str, list[cloudwatch.IMetric]]


class ObservabilityStack(Stack):
    """One dashboard, and alarms that mail to the operations topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        streams: StreamsStack,
        lake: LakeStack,
        detection: DetectionStack,
        response: ResponseStack,
        conceal: lambda_.IFunction | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        measures = Measures(
            stage=stage, streams=streams, lake=lake, detection=detection, response=response, conceal=conceal
        )
        operations = actions.SnsAction(response.operations)
        self.alarms = alarms(self, stage=stage, measures=measures)
        for alarm in self.alarms:
            alarm.add_alarm_action(operations)
        if stage.detector_rests:
            _mute_while_detector_rests(self, stage=stage, watched=self.alarms)
        _tell_of_failed_jobs(self, stage=stage, jobs=lake.jobs, topic=response.operations)
        _dashboard(self, measures=measures)
        CfnOutput(self, "Version", value=version())


def _tell_of_failed_jobs(scope: Construct, *, stage: Stage, jobs: BatchJobs, topic: sns.ITopic) -> None:
    """Glue publishes a job's end as an event, not as a metric: without this a failed night goes unnoticed.

    What the run said is not mailed: it may quote a shopper's data, and a quotation mark in it could end the text of the
    mail, which nobody would then get.
    """
    events.CfnRule(
        scope,
        "JobFailed",
        description="Floorwalker: a batch job failed",
        event_pattern={
            "source": ["aws.glue"],
            "detail-type": ["Glue Job State Change"],
            "detail": {
                "state": ["FAILED", "TIMEOUT", "STOPPED"],
                "jobName": [job.ref for job in jobs.jobs],
            },
        },
        targets=[
            events.CfnRule.TargetProperty(
                id="Operations",
                arn=topic.topic_arn,
                input_transformer=events.CfnRule.InputTransformerProperty(
                    input_paths_map={name: f"$.detail.{name}" for name in ("jobName", "jobRunId", "state")},
                    input_template=f'"Floorwalker {stage.name}: a run of <jobName> ended as <state>. '
                    'It was <jobRunId>. What to do: docs/runbook.md#a-batch-job-failed"',
                ),
            )
        ],
    )


def _mute_while_detector_rests(scope: Construct, *, stage: Stage, watched: list[cloudwatch.Alarm]) -> None:
    """Send nobody a mail about a detector that is stopped on purpose, nor while it catches up."""
    stops_at_hour, _ = stage.detector_rests or (0, 0)
    cloudwatch.AlarmMuteRule(
        scope,
        "DetectorRests",
        description="Floorwalker: the detector is stopped at night",
        alarms=[alarm for alarm in watched if alarm.node.id in ALARMS_OF_A_STOPPED_DETECTOR],
        schedule=cloudwatch.ScheduleExpression.cron(hour=str(stops_at_hour), minute="0"),
        duration=Duration.hours(stage.detector_rest_hours + CATCHING_UP_HOURS),
    )


def _dashboard(scope: Construct, *, measures: Measures) -> None:
    shop: list[Graph] = [
        ("Events judged and late", [measures.events_on_time, measures.events_late]),
        ("Records refused, by reason", [measures.rejected_by_reason]),
        ("Incidents opened, by rule and severity", [measures.opened_by_rule]),
        ("Incidents of allowed subjects, by rule", [measures.allowed_by_rule]),
        ("Alerts sent, by rule and severity", [measures.alerts_by_rule]),
    ]
    machinery: list[Graph] = [
        ("How far readers are behind, ms", [measures.events_age, measures.incidents_age]),
        ("Records that a stream refused", [*measures.writes_throttled]),
        ("Reads that a stream refused, share", [*measures.reads_throttled]),
        ("Detector: down, ms", [measures.detector_downtime]),
        ("Detector: restarts", [measures.detector_restarts]),
        (
            "Responder: errors, failed records, allow list unread",
            [measures.responder_errors, measures.records_failed, measures.allow_list_unread],
        ),
        ("Dead letters", [measures.dead_letters]),
        ("Age of the oldest undelivered record, s", [*measures.delivery_ages]),
    ]
    if measures.concealer_errors and measures.concealer_throttles:
        machinery.append(("Concealer: errors, throttles", [measures.concealer_errors, measures.concealer_throttles]))
    rows = [_row(*shop[:2]), _row(*shop[2:]), _row(*machinery[:3]), _row(*machinery[3:5]), _row(*machinery[5:])]
    cloudwatch.Dashboard(scope, "Dashboard", widgets=rows)


def _row(*graphs: Graph) -> list[cloudwatch.IWidget]:
    """Return graphs that share the width of the page, which has 24 columns."""
    return [cloudwatch.GraphWidget(title=title, left=lines, width=24 // len(graphs)) for title, lines in graphs]
