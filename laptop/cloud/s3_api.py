"""Bucket policies without their conditional statements.

moto applies a statement without looking at all of its conditions: "deny what does not come over TLS" would deny
everything, and the laptop speaks plain HTTP. The policy itself is kept and can be read back whole.
"""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def install() -> None:
    """Let moto decide by unconditional statements only."""
    FakeBucket.get_permission = _permission


def _permission(bucket: Any, action: str, resource: Any) -> Any:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy.decode())
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    unconditional = {**policy, "Statement": [item for item in statements if not item.get("Condition")]}
    return IAMPolicy(json.dumps(unconditional)).is_action_permitted(action, resource)
