"""What moto asks of a resource type, answered once: a type says only how it is created, changed and deleted.

The types call the ordinary AWS API of the server they run in, so that a wrong property is refused here as there, and
what is created is what the API lists. moto finds types as direct subclasses of `CloudFormationModel`, so each names
it beside `Resource`.
"""

import os
from typing import Any, ClassVar, Self

from laptop.network import client

Properties = dict[str, Any]


class Resource:
    """One resource of a stack: what its template says, and its physical id."""

    TYPE: ClassVar[str]
    # The property that names it; a resource whose template changes the name is replaced.
    NAME: ClassVar[str] = ""
    # Other properties whose change means a new resource.
    REPLACES: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, name: str, properties: Properties, account_id: str, region: str) -> None:
        self.name = name
        self.properties = properties
        self.account_id = account_id
        self.region = region
        # Where in which stack it stands: LogicalId, StackId, ResourceType.
        self.context: dict[str, Any] = {}

    def create(self) -> None:
        """Make it exist."""
        raise NotImplementedError

    def change(self, properties: Properties) -> None:
        """Change it in place; by default it is deleted and created again under its name."""
        self.remove()
        self.properties = properties
        self.create()

    def remove(self) -> None:
        """Make it cease to exist."""
        raise NotImplementedError

    def attributes(self) -> dict[str, Any]:
        """Return what Fn::GetAtt can ask."""
        return {}

    @property
    def reference(self) -> str:
        """Return what Ref gives."""
        return self.name

    @property
    def named(self) -> Properties:
        """Return the properties with the name filled in where the template leaves it to CloudFormation."""
        return {**self.properties, self.NAME: self.name}

    # --- what moto calls ---

    @property
    def physical_resource_id(self) -> str:
        """Return what Ref gives."""
        return self.reference

    @classmethod
    def cloudformation_type(cls) -> str:
        """Return the resource type."""
        return cls.TYPE

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """Return the property that holds the name."""
        return cls.NAME

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003  # an unknown one is refused by get_cfn_attribute
        """Return: outputs may ask for it."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """Return one attribute; raises ValueError for one the type does not have."""
        attributes = self.attributes()
        if attribute_name not in attributes:
            raise ValueError(f"{self.TYPE} has no attribute {attribute_name}")
        return attributes[attribute_name]

    def is_created(self) -> bool:
        """Return: creation is synchronous here."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Properties, account_id: str, region_name: str, **context: Any
    ) -> Self:
        """Create the resource of a template."""
        properties = cloudformation_json.get("Properties", {})
        resource = cls(name=resource_name, properties=properties, account_id=account_id, region=region_name)
        resource.context = context
        resource.create()
        return resource

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Properties,
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change the resource, or replace it where AWS would."""
        properties = cloudformation_json.get("Properties", {})
        deciding = (*cls.REPLACES, *((cls.NAME,) if cls.NAME else ()))
        if all(properties.get(name) == original_resource.properties.get(name) for name in deciding):
            original_resource.change(properties)
            original_resource.properties = properties
            return original_resource
        original_resource.remove()
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name, **original_resource.context
        )

    def delete(self, account_id: str, region_name: str) -> None:  # noqa: ARG002  # moto's signature
        """Delete the resource with its stack."""
        try:
            self.remove()
        except (TypeError, AttributeError) as error:
            # moto takes these two for a type without this method and leaves the resource behind.
            raise RuntimeError(f"{self.TYPE} {self.name}: {error}") from error


def api(service: str) -> Any:
    """Return a client of the server that this code runs in."""
    return client(service, os.environ["AWS_ENDPOINT_URL"])


def only(properties: Properties, *names: str) -> Properties:
    """Return the named properties that the template gives."""
    return {name: properties[name] for name in names if name in properties}


def without(properties: Properties, *names: str) -> Properties:
    """Return the properties but the named ones."""
    return {name: value for name, value in properties.items() if name not in names}
