"""What CloudFormation is told: without an answer a stack hangs for an hour."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

# CloudFormation takes 4,096 bytes in all; a reason is for reading.
MAX_REASON = 1_000


def physical_id(event: Mapping[str, Any]) -> str:
    """Return the id of 'this application runs': the same at every update, another for another application."""
    return f"running-{event['ResourceProperties'].get('ApplicationName', 'nothing')}"


def send(event: Mapping[str, Any], *, failure: str | None) -> None:
    """Answer the request: SUCCESS, or FAILED with the reason. Raises OSError; Lambda then tries again."""
    answer = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        "Reason": (failure or "")[:MAX_REASON],
        # A deletion names the resource as CloudFormation knows it, also one that never came to be.
        "PhysicalResourceId": event.get("PhysicalResourceId")
        if event["RequestType"] == "Delete"
        else physical_id(event),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The address is signed for an empty content type.
    request = Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urlopen(request, timeout=10):  # nosec B310
        return
