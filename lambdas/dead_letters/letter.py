"""A dead letter: what Lambda tells of a batch it gave up. It says where the records are, not what they hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.event import parse_instant


class LetterError(ValueError):
    """A message that is no dead letter of a Kinesis stream; the message says what it lacks."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One batch that was given up: `records` of one shard, from the first to the last sequence number.

    `condition` is why Lambda gave up.
    """

    function_arn: str
    stream_arn: str
    shard: str
    first_sequence: str
    last_sequence: str
    records: int
    arrived_from: datetime
    arrived_until: datetime
    given_up_at: datetime
    condition: str
    attempts: int


def read_letter(message: Mapping[str, Any]) -> Letter:
    """Read a message of the queue. Raises LetterError."""
    try:
        body = json.loads(message["Body"])
        batch, context = body["KinesisBatchInfo"], body["requestContext"]
        return Letter(
            function_arn=str(context["functionArn"]),
            stream_arn=str(batch["streamArn"]),
            shard=str(batch["shardId"]),
            first_sequence=_number(batch["startSequenceNumber"]),
            last_sequence=_number(batch["endSequenceNumber"]),
            records=int(batch["batchSize"]),
            arrived_from=parse_instant(batch["approximateArrivalOfFirstRecord"]),
            arrived_until=parse_instant(batch["approximateArrivalOfLastRecord"]),
            given_up_at=parse_instant(body["timestamp"]),
            condition=str(context["condition"]),
            attempts=int(context.get("approximateInvokeCount", 0)),  # none where the records were too old
        )
    except KeyError as error:
        raise LetterError(f"it has no {error.args[0]}") from error
    except (TypeError, ValueError) as error:
        raise LetterError(f"it cannot be read: {error}") from error


def _number(text: Any) -> str:
    """Return a sequence number; it is compared as a number, so it has to be one."""
    return str(int(text))
