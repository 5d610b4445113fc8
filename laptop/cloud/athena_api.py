"""The operations of Athena that moto lacks: changing a workgroup, deleting a named query."""

import json
from typing import Any

from moto.athena.responses import AthenaResponse


def install() -> None:
    """Add the operations to moto."""
    AthenaResponse.update_work_group = _update_work_group
    AthenaResponse.delete_named_query = _delete_named_query


def _update_work_group(response: Any) -> str:
    given = json.loads(response.body)
    group = response.athena_backend.work_groups[given["WorkGroup"]]
    updates = dict(given.get("ConfigurationUpdates", {}))
    if "ResultConfigurationUpdates" in updates:
        updates["ResultConfiguration"] = updates.pop("ResultConfigurationUpdates")
    group.configuration = {**group.configuration, **updates}
    group.description = given.get("Description", group.description)
    return "{}"


def _delete_named_query(response: Any) -> str:
    response.athena_backend.named_queries.pop(json.loads(response.body)["NamedQueryId"], None)
    return "{}"
