"""Deletes a stack's resources in AWS's order: what uses another goes before it.

moto deletes in no order. A custom resource would find its function gone and a log stream its group.
"""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import ResourceMap

_GONE = re.compile("NotFound|NoSuch|NonExist|DoesNotExist")
_PASSES = 3


def install() -> None:
    """Replace moto's deletion."""
    ResourceMap.delete = _delete


def deletion_order(resources: dict[str, Any]) -> list[str]:
    """Return the logical ids, users before what they use."""
    uses = {name: set(_used(resource)) & set(resources) - {name} for name, resource in resources.items()}
    return list(TopologicalSorter(uses).static_order())[::-1]


def _used(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _used(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("Ref", "DependsOn") and isinstance(value, str):
                yield value
            elif key == "DependsOn":
                yield from value
            elif key == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else value.partition(".")[0]
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)", value if isinstance(value, str) else value[0])
            yield from _used(value)


def _delete(stack: Any) -> None:
    left = [
        name
        for name in deletion_order(stack._resource_json_map)
        if stack._resource_json_map[name].get("DeletionPolicy") != "Retain"
        and getattr(stack._parsed_resources.get(name), "logical_resource_id", None)
    ]
    for _ in range(_PASSES):
        failures = {name: error for name in left if (error := _deleted(stack, name)) is not None}
        left = list(failures)
    if left:
        reasons = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise ValidationError(message=f"Delete failed: {reasons}")


def _deleted(stack: Any, name: str) -> Exception | None:
    """Delete one resource; return why it could not be."""
    try:
        stack._delete_resource(stack._parsed_resources[name], stack._resource_json_map[name])
    except ClientError as error:
        if not _GONE.search(error.response["Error"]["Code"]):
            return error
    except Exception as error:  # noqa: BLE001  # the border: another pass may succeed, the last one's reason is told
        return error
    stack._parsed_resources.pop(name)
    return None
