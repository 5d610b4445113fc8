"""Athena: workgroup and named query."""

from typing import Any

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Properties, Resource, api, only


class AthenaWorkGroup(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A workgroup; Ref gives its name."""

    TYPE = "AWS::Athena::WorkGroup"
    NAME = "Name"

    def create(self) -> None:
        """Create the workgroup."""
        options = {
            "Configuration" if name == "WorkGroupConfiguration" else name: value
            for name, value in only(self.properties, "WorkGroupConfiguration", "Description", "Tags").items()
        }
        api("athena").create_work_group(Name=self.name, **options)

    def change(self, properties: Properties) -> None:
        """Update its configuration; its queries stay."""
        api("athena").update_work_group(
            WorkGroup=self.name,
            Description=properties.get("Description", ""),
            ConfigurationUpdates={"EnforceWorkGroupConfiguration": True, **_updates(properties)},
        )

    def remove(self) -> None:
        """Delete the workgroup with its queries."""
        api("athena").delete_work_group(WorkGroup=self.name, RecursiveDeleteOption=True)

    def attributes(self) -> dict[str, Any]:
        """Return when it was created."""
        return {"CreationTime": str(api("athena").get_work_group(WorkGroup=self.name)["WorkGroup"]["CreationTime"])}


def _updates(properties: Properties) -> dict[str, Any]:
    updates = dict(properties.get("WorkGroupConfiguration", {}))
    if "ResultConfiguration" in updates:
        updates["ResultConfigurationUpdates"] = updates.pop("ResultConfiguration")
    return updates


class AthenaNamedQuery(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A named query; Ref gives its id."""

    TYPE = "AWS::Athena::NamedQuery"
    query_id = ""

    @property
    def reference(self) -> str:
        """Return the query's id."""
        return self.query_id

    def create(self) -> None:
        """Create the query."""
        self.query_id = api("athena").create_named_query(**{"Name": self.name, **self.properties})["NamedQueryId"]

    def remove(self) -> None:
        """Delete the query."""
        api("athena").delete_named_query(NamedQueryId=self.query_id)

    def attributes(self) -> dict[str, Any]:
        """Return the id."""
        return {"NamedQueryId": self.query_id}
