"""The policy of a key that a stack created: moto keeps it as CloudFormation's document and its API wants text."""

import json
from typing import Any

from moto.kms.models import KmsBackend


def install() -> None:
    """Let every key keep its policy as text."""
    moto_create = KmsBackend.create_key

    def create(self: Any, policy: Any = None, **given: Any) -> Any:
        return moto_create(self, policy=json.dumps(policy) if isinstance(policy, dict) else policy, **given)

    KmsBackend.create_key = create
