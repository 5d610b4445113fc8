"""Sends the records of a dead letter to the function again, as Lambda would.

Nothing is doubled: the function recognises what it has answered by its row, so a record sent twice is one incident
and one alert. The message goes when every record is answered, and stays when one is not, or when it cannot be told:
the archive does not say which records are the message's.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.dead_letters.batch import Archive, ForgottenError, Stream, StreamRecord
from lambdas.dead_letters.letter import Letter
from lambdas.kinesis import kinesis_event

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# As many as the event source mapping hands over, and well below what an invocation takes: base64 adds a third.
BATCH_RECORDS = 100
BATCH_BYTES = 4 * 1024**2


class FunctionFailedError(Exception):
    """The function failed as a whole; the message is the error that it gave."""


@dataclass(frozen=True, kw_only=True)
class Resent:
    """What became of a letter's records: how many were sent, and the sequence numbers of those that failed again.

    `archived` says that they came from the archive: the letter's own may not be among them.
    """

    sent: int
    failed: tuple[str, ...]
    archived: bool


@dataclass(frozen=True, kw_only=True)
class Resender:
    """Sends letters again; `archive` is where to look for what the stream has forgotten, None for nowhere."""

    stream: Stream
    archive: Archive | None
    functions: "LambdaClient"

    def resend(self, letter: Letter) -> Resent:
        """Send a letter's records again.

        Raises ForgottenError, ArchiveError, FunctionFailedError, and the clients' errors.
        """
        records, archived = self._found(letter)
        failed = [number for batch in _batches(records) for number in self._invoke(letter, batch)]
        return Resent(sent=len(records), failed=tuple(failed), archived=archived)

    def records(self, letter: Letter) -> list[StreamRecord]:
        """Return the letter's records: all that it names, or those of its hours.

        Raises ForgottenError, ArchiveError, and the clients' errors.
        """
        return self._found(letter)[0]

    def _found(self, letter: Letter) -> tuple[list[StreamRecord], bool]:
        """Return the letter's records, and whether they are from the archive."""
        records = self.stream.records(letter)
        if _are_all(records, letter):
            return records, False
        if self.archive is None:
            raise ForgottenError(
                f"the stream has forgotten some of its {letter.records} records: name the raw bucket by --archive"
            )
        return self.archive.records(letter), True

    def _invoke(self, letter: Letter, records: Sequence[StreamRecord]) -> list[str]:
        event = kinesis_event(
            records, shard=letter.shard, stream_arn=letter.stream_arn, identity_arn=letter.function_arn
        )
        answer = self.functions.invoke(FunctionName=letter.function_arn, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise FunctionFailedError(_message(payload))
        return _failed(payload)


def _are_all(records: Sequence[StreamRecord], letter: Letter) -> bool:
    """Return whether the stream still has them all: it forgets only from its old end, so the first one tells.

    Their number alone does not, since there may be more between the first and the last than were handed over.
    """
    return 0 < len(records) >= letter.records and int(records[0].sequence) == int(letter.first_sequence)


def _batches(records: Sequence[StreamRecord]) -> Iterator[list[StreamRecord]]:
    batch: list[StreamRecord] = []
    for record in records:
        size = sum(len(other.data) for other in batch) + len(record.data)
        if batch and (len(batch) >= BATCH_RECORDS or size > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


def _failed(payload: bytes) -> list[str]:
    """Return the sequence numbers that a partial batch response names. Raises FunctionFailedError for none."""
    try:
        return [str(failure["itemIdentifier"]) for failure in json.loads(payload)["batchItemFailures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FunctionFailedError("it gave no account of the batch") from error


def _message(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return "it said nothing"
