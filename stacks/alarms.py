"""When somebody has to look: one alarm for each way in which the platform can fail in silence."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.measures import Measures
from stacks.stages import Stage

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
# No news is good news for counts of faults, and bad news for signs of life.
FINE = cloudwatch.TreatMissingData.NOT_BREACHING
BREACH = cloudwatch.TreatMissingData.BREACHING
# The page with a section for each alarm, under the alarm's name.
RUNBOOK = "docs/runbook.md"
SECONDS_BEHIND = 60
# Producers and readers try again what a stream refuses now and then; three periods are as long as one on demand grows.
THROTTLED_PERIODS = 3
READS_REFUSED = 0.5
# A day, and what one night's run may take longer than the last one's.
HOURS_BETWEEN_RUNS = 26


def alarms(scope: Construct, *, stage: Stage, measures: Measures) -> list[cloudwatch.Alarm]:
    """Return every alarm; the caller says whom they tell."""
    return [
        *_reading(scope, measures),
        *_throttling(scope, measures),
        *_concealing(scope, measures),
        *_detecting(scope, stage, measures),
        *_responding(scope, measures),
        *_answering(scope, measures),
    ]


def _reading(scope: Construct, measures: Measures) -> list[cloudwatch.Alarm]:
    behind = SECONDS_BEHIND * 1000
    return [
        _alarm(scope, "EventsBehind", measures.events_age, behind, "A reader of the events stream falls behind."),
        _alarm(
            scope, "IncidentsBehind", measures.incidents_age, behind, "A reader of the incidents stream falls behind."
        ),
        *(
            _alarm(scope, f"{name}Undelivered", age, 1800, f"{name} have not reached the raw bucket for half an hour.")
            for name, age in zip(("Events", "Incidents"), measures.delivery_ages, strict=True)
        ),
        *(
            _alarm(
                scope,
                f"{name}DeliveryStopped",
                stopped,
                0,
                f"{name} come in, and none has reached the raw bucket for an hour.",
                periods=2,
            )
            for name, stopped in zip(("Events", "Incidents"), measures.deliveries_stopped, strict=True)
        ),
    ]


def _throttling(scope: Construct, measures: Measures) -> list[cloudwatch.Alarm]:
    ways = (
        ("Writes", measures.writes_throttled, 0, "records"),
        ("Reads", measures.reads_throttled, READS_REFUSED, "more than half of the reads"),
    )
    return [
        _alarm(
            scope,
            f"{name}{way}Throttled",
            throttled,
            threshold,
            f"For a quarter of an hour the {name.lower()} stream has refused {what}.",
            periods=THROTTLED_PERIODS,
        )
        for way, both, threshold, what in ways
        for name, throttled in zip(("Events", "Incidents"), both, strict=True)
    ]


def _concealing(scope: Construct, measures: Measures) -> list[cloudwatch.Alarm]:
    if measures.unconcealed is None:
        return []
    # Firehose stores what it could not have concealed as it came, and goes on: nothing else is late or missing.
    failed = (
        "The function that conceals addresses fails, or is not asked: records with addresses in full may lie below "
    )
    return [_alarm(scope, "EventsUnconcealed", measures.unconcealed, 0, f"{failed}errors/.")]


def _detecting(scope: Construct, stage: Stage, measures: Measures) -> list[cloudwatch.Alarm]:
    return [
        _alarm(scope, "DetectorRestarting", measures.detector_restarts, 0, "The detector fails and starts again."),
        _alarm(
            scope,
            "DetectorDown",
            measures.detector_downtime,
            0,
            "The detector is down, or does not report at all.",
            periods=3,
            missing=BREACH,
        ),
        _alarm(
            scope,
            "Silence",
            measures.events_on_time,
            1,
            f"No event was judged for {stage.silence_minutes} minutes: shop, stream or detector is down.",
            periods=stage.silence_minutes // 5,
            comparison=BELOW,
            missing=BREACH,
        ),
        _alarm(
            scope,
            "RecordsRejected",
            measures.rejected,
            stage.rejected_tolerated,
            "Many records are no events: has a sender changed its format?",
        ),
        _alarm(
            scope,
            "EventsLate",
            measures.events_late,
            stage.late_tolerated,
            "Many events come too late to be judged: a clock is wrong, or a sender holds back.",
        ),
    ]


def _responding(scope: Construct, measures: Measures) -> list[cloudwatch.Alarm]:
    return [
        _alarm(scope, "ResponderErrors", measures.responder_errors, 0, "The responder fails as a whole."),
        _alarm(scope, "RecordsFailed", measures.records_failed, 0, "Records of the incidents stream are not handled."),
        _alarm(
            scope, "AllowListUnread", measures.allow_list_unread, 0, "The allow list is not read: an old one holds."
        ),
        _alarm(scope, "DeadLettersWaiting", measures.dead_letters, 0, "Batches were given up: see the queue."),
    ]


def _answering(scope: Construct, measures: Measures) -> list[cloudwatch.Alarm]:
    # A run that was never started fails nowhere: only its success can be missed.
    return [
        _alarm(
            scope,
            "CurateOverdue",
            measures.curate_successes,
            1,
            "The job curate has not succeeded for a day.",
            periods=HOURS_BETWEEN_RUNS,
            comparison=BELOW,
            missing=BREACH,
        ),
        _alarm(
            scope,
            "MartsOverdue",
            measures.marts_successes,
            1,
            "The job marts has not succeeded for a day.",
            periods=HOURS_BETWEEN_RUNS,
            comparison=BELOW,
            missing=BREACH,
        ),
    ]


def _alarm(
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    meaning: str,
    *,
    periods: int = 1,
    comparison: cloudwatch.ComparisonOperator = ABOVE,
    missing: cloudwatch.TreatMissingData = FINE,
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=threshold,
        alarm_description=f"Floorwalker: {meaning} What to do: {RUNBOOK}#{name.lower()}",
        evaluation_periods=periods,
        comparison_operator=comparison,
        treat_missing_data=missing,
    )
