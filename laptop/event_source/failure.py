"""The body of the message with which Lambda says that a function could not take records of a stream."""

import uuid
from collections.abc import Sequence
from typing import Any

from laptop.shards import Record


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
