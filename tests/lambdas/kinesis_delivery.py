"""The event that a Kinesis event source mapping sends, and the context that Lambda hands over."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

REGION = "eu-central-1"
STREAM_ARN = f"arn:aws:kinesis:{REGION}:123456789012:stream/incidents"


def sequence_number(position: int) -> str:
    """Return a sequence number as Kinesis writes it."""
    return f"4959{position:052d}"


def kinesis_event(values: Iterable[bytes], *, first: int = 0) -> dict[str, Any]:
    """Return the event for record values that stand at `first` and after in one shard."""
    return {"Records": [_record(value, sequence_number(first + offset)) for offset, value in enumerate(values)]}


def _record(value: bytes, number: str) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": number,
            "data": base64.b64encode(value).decode(),
            "approximateArrivalTimestamp": 1_569_888_000.123,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/responder",
        "awsRegion": REGION,
        "eventSourceARN": STREAM_ARN,
    }


@dataclass
class Context:
    """What Lambda says of an invocation; `milliseconds_left` stands still."""

    milliseconds_left: int = 60_000
    function_name: str = "responder"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:responder"
    aws_request_id: str = "6f2e1a3c-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left, as the runtime does."""
        return self.milliseconds_left
