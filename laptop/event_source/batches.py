"""What Lambda does with a batch: invoke, then by the answer go on, resume at a record, cut in half, or give up."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambdas.kinesis import kinesis_event
from laptop.event_source.failure import failure_body
from laptop.shards import Record

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """An event source mapping, as the API describes it. None retries means until the records expire."""

    uuid: str
    stream_arn: str
    function_arn: str
    start: str
    batch_size: int
    window_seconds: float
    partial_responses: bool
    bisect: bool
    retries: int | None
    on_failure_arn: str | None

    @property
    def stream(self) -> str:
        """Return the stream's name."""
        return self.stream_arn.rpartition("/")[2]


def mapping(described: dict[str, Any]) -> Mapping:
    """Read one item of ListEventSourceMappings."""
    retries = described.get("MaximumRetryAttempts", -1)
    return Mapping(
        uuid=described["UUID"],
        stream_arn=described["EventSourceArn"],
        function_arn=described["FunctionArn"],
        start=described.get("StartingPosition", "TRIM_HORIZON"),
        batch_size=described.get("BatchSize", 100),
        window_seconds=float(described.get("MaximumBatchingWindowInSeconds", 0)),
        partial_responses="ReportBatchItemFailures" in described.get("FunctionResponseTypes", []),
        bisect=bool(described.get("BisectBatchOnFunctionError", False)),
        retries=None if retries == -1 else retries,
        on_failure_arn=described.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
    )


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: the error's kind, or the first record that failed, or neither."""

    error: str | None = None
    failed_at: str | None = None


class Batches:
    """Works off batches of one shard, in order; `end` breaks off a retry that may go on for hours."""

    def __init__(self, which: Mapping, *, lambda_: Any, sqs: Any, role_arn: str, end: threading.Event) -> None:
        self._mapping = which
        self._lambda = lambda_
        self._sqs = sqs
        self._role_arn = role_arn
        self._end = end

    def work_off(self, records: Sequence[Record], done: Callable[[str], None]) -> None:
        """Hand the records to the function until they are done or given up; `done` hears of progress."""
        waiting: list[tuple[list[Record], int]] = [(list(records), 0)]
        while waiting and not self._end.is_set():
            batch, tried = waiting.pop(0)
            outcome = self._invoke(batch)
            rest = self._rest(batch, outcome)
            if len(rest) < len(batch):
                done(batch[len(batch) - len(rest) - 1].sequence)
                tried = 0  # the count is that of the record which now comes first
            if not rest:
                continue
            if self._may_cut(batch, rest):
                middle = len(rest) // 2
                waiting[:0] = [(rest[:middle], tried), (rest[middle:], tried)]
            elif self._mapping.retries is not None and tried >= self._mapping.retries:
                self._give_up(rest, tried + 1, outcome)
                done(rest[-1].sequence)
            else:
                self._end.wait(min(_FIRST_PAUSE_SECONDS * 2**tried, _LONGEST_PAUSE_SECONDS))
                waiting.insert(0, (rest, tried + 1))

    def _may_cut(self, batch: list[Record], rest: list[Record]) -> bool:
        """Return: cut in half. It costs no retry; a batch that got on is cut at the failed record already."""
        return self._mapping.bisect and len(rest) == len(batch) > 1

    def _invoke(self, batch: list[Record]) -> Outcome:
        event = kinesis_event(
            batch, shard=batch[0].shard, stream_arn=self._mapping.stream_arn, identity_arn=self._role_arn
        )
        answer = self._lambda.invoke(FunctionName=self._mapping.function_arn, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            return Outcome(error=answer["FunctionError"])
        return self._reported(batch, payload) if self._mapping.partial_responses else Outcome()

    def _reported(self, batch: list[Record], payload: bytes) -> Outcome:
        """Read a partial batch response: as AWS, an unreadable one or an unknown record fails the whole batch."""
        try:
            response = json.loads(payload or b"null") or {}
            failures = response.get("batchItemFailures") or []
            failed = [item["itemIdentifier"] for item in failures]
        except (ValueError, AttributeError, KeyError, TypeError):
            return Outcome(failed_at=batch[0].sequence)
        known = {record.sequence for record in batch}
        if any(sequence not in known for sequence in failed):
            return Outcome(failed_at=batch[0].sequence)
        return Outcome(failed_at=min(failed, key=int)) if failed else Outcome()

    @staticmethod
    def _rest(batch: list[Record], outcome: Outcome) -> list[Record]:
        if outcome.error is not None:
            return batch
        if outcome.failed_at is None:
            return []
        sequences = [record.sequence for record in batch]
        return batch[sequences.index(outcome.failed_at) :]

    def _give_up(self, rest: list[Record], invocations: int, outcome: Outcome) -> None:
        if self._mapping.on_failure_arn is None:
            return
        moment = datetime.now(UTC)
        body = failure_body(
            rest,
            stream_arn=self._mapping.stream_arn,
            function_arn=self._mapping.function_arn,
            condition="RetryAttemptsExhausted",
            invocations=invocations,
            error=outcome.error,
            at=moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
        )
        queue = self._sqs.get_queue_url(QueueName=self._mapping.on_failure_arn.rpartition(":")[2])["QueueUrl"]
        self._sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
