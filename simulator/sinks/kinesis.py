"""Records into a Kinesis stream: full batches, and only what failed is sent again, before anything newer."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from simulator.kept import KeptFile
from simulator.record import Fault, Record
from simulator.sinks.sink import SinkFault

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 5 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 5.0
# What passes by itself; everything else needs a person.
PASSING = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)
ADVICE = {
    "ResourceNotFoundException": "there is no such stream in this account and region",
    "AccessDeniedException": "these credentials may not write to it (kinesis:PutRecords)",
    "UnrecognizedClientException": "AWS does not know these credentials: run 'aws configure' or set AWS_PROFILE",
    "InvalidSignatureException": "AWS does not accept these credentials: run 'aws configure' or set AWS_PROFILE",
    "ExpiredTokenException": "the credentials have expired: sign in again",
}


class KinesisSink:
    """One batch in flight at a time, so that the order within a shard is kept as far as PutRecords keeps it.

    A record that the stream still refuses after `attempts`, or that is larger than it takes, is counted as refused and
    kept in `refused_file`. Where not even the call comes through after so many, the run stops: SinkFault.
    """

    def __init__(
        self,
        *,
        client: "KinesisClient",
        stream: str,
        refused_file: KeptFile | None = None,
        attempts: int = 8,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.sent = 0
        self.retried = 0
        self.refused = 0
        self._client = client
        self._stream = stream
        self._refused_file = refused_file or KeptFile(Path("build/simulator/refused.jsonl"))
        self._attempts = attempts
        self._sleep = sleep
        self._jitter = jitter
        self._batch: list[Record] = []
        self._batch_bytes = 0
        self._call_failed = False

    def write(self, record: Record) -> bool:
        """Take a record; a full batch goes out at once."""
        size = len(record.data) + len(record.partition_key)
        if size > MAX_RECORD_BYTES:
            self.flush()  # first, so that nothing is left to be sent if the record cannot be kept
            self._refuse(record, "larger than a stream takes")
            return True
        if self._batch_bytes + size > MAX_BATCH_BYTES:
            self.flush()
        self._batch.append(record)
        self._batch_bytes += size
        if len(self._batch) < MAX_BATCH_RECORDS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Send the batch, and again what failed of it, until all of it is settled.

        What SinkFault leaves unsettled is let go of: the account calls it unsent, so that no later call may send it.
        """
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        failed = [(record, "") for record in batch]
        for attempt in range(self._attempts):
            if not failed:
                break
            if attempt:
                self._back_off(attempt)
                self.retried += len(failed)
            failed = self._put([record for record, _ in failed])
        if failed and self._call_failed:
            raise SinkFault(f"stream {self._stream}: gave up after {self._attempts} attempts: {failed[0][1]}")
        for record, reason in failed:
            self._refuse(record, reason)

    def close(self) -> None:
        """Flush."""
        self.flush()

    def _put(self, records: list[Record]) -> list[tuple[Record, str]]:
        """Send once; return what failed, in order, with the reason."""
        entries: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": record.data, "PartitionKey": record.partition_key} for record in records
        ]
        try:
            answer = self._client.put_records(StreamName=self._stream, Records=entries)
        except (ClientError, BotoCoreError) as error:
            reason = self._passing_reason(error)
            self._call_failed = True
            return [(record, reason) for record in records]
        self._call_failed = False
        codes = [result.get("ErrorCode") for result in answer["Records"]]
        failed = [(record, code) for record, code in zip(records, codes, strict=True) if code]
        self.sent += len(records) - len(failed)
        return failed

    def _passing_reason(self, error: ClientError | BotoCoreError) -> str:
        """Return what to call an error that passes by itself; raises SinkFault for the others."""
        if isinstance(error, HTTPClientError | NoConnection):
            return str(error)
        if isinstance(error, NoCredentialsError):
            raise SinkFault("no AWS credentials: run 'aws configure' or set AWS_PROFILE") from error
        if not isinstance(error, ClientError):
            raise SinkFault(f"stream {self._stream}: {error}") from error
        code = error.response["Error"]["Code"]
        if code in PASSING or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return code
        raise SinkFault(f"stream {self._stream}: {ADVICE.get(code, error)}") from error

    def _back_off(self, attempt: int) -> None:
        longest = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**attempt)
        self._sleep(longest * (0.5 + self._jitter() / 2))

    def _refuse(self, record: Record, reason: str) -> None:
        try:
            self._refused_file.keep(record.data, reason=reason, partition_key=record.partition_key)
        except Fault as fault:  # the sink's, not the source's: whoever sends must not take it for settled
            raise SinkFault(str(fault)) from fault
        self.refused += 1
