"""The event that Lambda hands to a function for records of a Kinesis stream, and the body of its failure message."""

import base64
import uuid
from collections.abc import Sequence
from typing import Any

from laptop.shards import Record


def kinesis_event(records: Sequence[Record], *, stream_arn: str, role_arn: str) -> dict[str, Any]:
    """Return the event for a batch of one shard."""
    return {"Records": [_wrapped(record, stream_arn, role_arn) for record in records]}


def _wrapped(record: Record, stream_arn: str, role_arn: str) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence,
            "data": base64.b64encode(record.data).decode(),
            "approximateArrivalTimestamp": round(record.arrived_at.timestamp(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{record.shard}:{record.sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


def failure_body(
    records: Sequence[Record],
    *,
    stream_arn: str,
    function_arn: str,
    condition: str,
    invocations: int,
    error: str | None,
    at: str,
) -> dict[str, Any]:
    """Return what an on-failure queue gets: where the records are, not the records."""
    response = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": error}
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": at,
        "KinesisBatchInfo": {
            "shardId": records[0].shard,
            "startSequenceNumber": records[0].sequence,
            "endSequenceNumber": records[-1].sequence,
            "approximateArrivalOfFirstRecord": _instant(records[0]),
            "approximateArrivalOfLastRecord": _instant(records[-1]),
            "batchSize": len(records),
            "streamArn": stream_arn,
        },
    }


def _instant(record: Record) -> str:
    return record.arrived_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{record.arrived_at.microsecond // 1000:03d}Z"
