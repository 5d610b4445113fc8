"""Every fault that a schedule can be dealt, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from drills.faults import Action, Fault
from drills.request import Request, Write

THROTTLED = "ProvisionedThroughputExceededException"


@dataclass(frozen=True, kw_only=True)
class Lasting:
    """A fault of the proxy and how long it stands, from at least to at most, in seconds."""

    fault: Fault
    seconds: tuple[float, float] = (2.0, 6.0)

    @property
    def name(self) -> str:
        """Its name in the report."""
        return self.fault.name


class Strike(StrEnum):
    """What is done at a moment to the detector's processes, or to the shards of both streams."""

    TASK_MANAGER = "task_manager_killed"
    JOB_MANAGER = "job_manager_killed"
    CORRUPT_CHECKPOINT = "newest_checkpoint_corrupt"
    UPGRADE = "upgrade_through_a_savepoint"
    SPLIT = "shard_split"
    MERGE = "shards_merged"


class Batch(StrEnum):
    """What is done to the batch job after the traffic."""

    KILLED = "glue_run_killed"
    TWICE = "glue_run_started_twice"


def _on(service: str, *operations: str) -> Callable[[Request], bool]:
    return lambda request: request.service == service and (not operations or request.operation in operations)


def _by_producer(request: Request) -> bool:
    return request.operation == "PutRecords" and request.by_producer


def _by_detector(request: Request) -> bool:
    return request.operation == "PutRecords" and not request.by_producer


def _throttled(percent: int) -> Lasting:
    fault = Fault(
        name=f"kinesis_throttled_{percent}_percent",
        action=Action.REFUSE,
        meets=_on("kinesis", "PutRecords", "GetRecords"),
        share=percent / 100,
        code=THROTTLED,
        status=400,
    )
    return Lasting(fault=fault, seconds=(2.0, 4.0))


def _responder(name: str, action: Action, step: Write | None) -> Lasting:
    """Return what ends the responder's process at one of its writes: the row, the alert (None), the mark of it."""

    def meets(request: Request) -> bool:
        met = request.operation == "Publish" if step is None else request.write is step
        return request.by_function and met

    return Lasting(fault=Fault(name=name, action=action, meets=meets), seconds=(60.0, 60.0))


LASTING: tuple[Lasting, ...] = (
    Lasting(fault=Fault(name="put_records_partial", action=Action.HOLD_BACK, meets=_by_producer, share=0.3)),
    Lasting(fault=Fault(name="put_records_partial_of_detector", action=Action.HOLD_BACK, meets=_by_detector)),
    _throttled(25),
    _throttled(50),
    _throttled(100),
    Lasting(fault=Fault(name="put_records_answer_lost", action=Action.LOSE_ANSWER, meets=_by_producer, share=0.2)),
    Lasting(fault=Fault(name="put_records_answer_lost_of_detector", action=Action.LOSE_ANSWER, meets=_by_detector)),
    Lasting(
        fault=Fault(
            name="iterator_expired",
            action=Action.REFUSE,
            meets=_on("kinesis", "GetRecords"),
            share=0.5,
            code="ExpiredIteratorException",
            status=400,
        )
    ),
    Lasting(
        fault=Fault(
            name="kinesis_error_500",
            action=Action.REFUSE,
            meets=lambda request: request.service == "kinesis",
            share=0.4,
        ),
        seconds=(2.0, 4.0),
    ),
    Lasting(
        fault=Fault(
            name="answers_5_seconds_late",
            action=Action.DELAY,
            meets=lambda request: request.service in ("kinesis", "dynamodb", "s3", "sns"),
            share=0.05,
            delay_seconds=5,
        ),
        seconds=(3.0, 6.0),
    ),
    Lasting(
        fault=Fault(
            name="dynamodb_throttled",
            action=Action.REFUSE,
            meets=_on("dynamodb"),
            share=0.7,
            code=THROTTLED,
            status=400,
        )
    ),
    Lasting(
        fault=Fault(name="dynamodb_answer_lost", action=Action.LOSE_ANSWER, meets=_on("dynamodb", "PutItem"), share=0.2)
    ),
    Lasting(
        fault=Fault(name="sns_down", action=Action.REFUSE, meets=_on("sns", "Publish"), status=503), seconds=(5.0, 15.0)
    ),
    Lasting(
        fault=Fault(
            name="cloudwatch_down",
            action=Action.REFUSE,
            meets=lambda request: request.service in ("monitoring", "logs"),
            status=503,
        ),
        seconds=(5.0, 15.0),
    ),
    Lasting(
        fault=Fault(
            name="s3_failing_in_delivery", action=Action.REFUSE, meets=_on("s3", "PutObject"), code="InternalError"
        ),
        seconds=(5.0, 12.0),
    ),
    Lasting(
        fault=Fault(name="s3_answer_lost_in_delivery", action=Action.LOSE_ANSWER, meets=_on("s3", "PutObject")),
        seconds=(5.0, 8.0),
    ),
    _responder("responder_killed_before_row", Action.KILL_BEFORE, Write.ROW),
    _responder("responder_killed_after_row", Action.KILL_AFTER, Write.ROW),
    _responder("responder_killed_before_alert", Action.KILL_BEFORE, None),
    _responder("responder_killed_after_alert", Action.KILL_AFTER, None),
    _responder("responder_killed_before_mark", Action.KILL_BEFORE, Write.MARK),
    _responder("responder_killed_after_mark", Action.KILL_AFTER, Write.MARK),
)
TIMED_OUT = _responder("responder_timed_out", Action.FREEZE, Write.ROW)
# What takes so long to recover from that only some schedules get one.
RARE: tuple[Strike | Lasting, ...] = (*Strike, TIMED_OUT)
