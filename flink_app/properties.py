"""Where Managed Service for Apache Flink leaves the application's properties, and how to read them."""

import json
import os
from pathlib import Path

AWS_PROPERTIES_FILE = "/etc/flink/application_properties.json"


def property_group(name: str) -> dict[str, str]:
    """Return one property group as the service wrote it.

    `FLOORWALKER_PROPERTIES` names another file of the same layout. Raises FileNotFoundError or KeyError with a
    message that says what is missing where.
    """
    path = Path(os.environ.get("FLOORWALKER_PROPERTIES", AWS_PROPERTIES_FILE))
    if not path.is_file():
        raise FileNotFoundError(f"no application properties at {path}: set FLOORWALKER_PROPERTIES to a file")
    for group in json.loads(path.read_text()):
        if group["PropertyGroupId"] == name:
            return dict(group["PropertyMap"])
    raise KeyError(f"{path} has no property group {name}")
