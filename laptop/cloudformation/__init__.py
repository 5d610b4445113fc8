"""CloudFormation on the laptop: a handler for each resource type of our templates that moto cannot create.

A module of this package holds the types of one service. Importing it makes moto know them, which has to happen
before the first stack is created: `register` does it.
"""

import importlib

# Resource types of our templates that do not come to exist on the laptop, each with the reason.
NOT_HERE: dict[str, str] = {
    "AWS::CDK::Metadata": "describes the CDK application to AWS; it is no resource in AWS either",
}

_SERVICES = ("analytics", "athena", "custom", "firehose", "glue", "monitoring", "policies")


def register() -> None:
    """Make moto know the types. Call it once, before the server starts."""
    for service in _SERVICES:
        importlib.import_module(f"{__name__}.{service}")
