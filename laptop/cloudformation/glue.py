"""Glue: database, table, job, trigger, security configuration."""

from typing import Any

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Properties, Resource, api, only, without


class GlueDatabase(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A database of the catalog; Ref gives its name."""

    TYPE = "AWS::Glue::Database"

    @property
    def reference(self) -> str:
        """Return the database's name."""
        return str(self._input()["Name"])

    def _input(self) -> dict[str, Any]:
        return {"Name": self.name.lower(), **self.properties["DatabaseInput"]}

    def create(self) -> None:
        """Create the database."""
        api("glue").create_database(DatabaseInput=self._input())

    def change(self, properties: Properties) -> None:
        """Update the database, its tables stay."""
        old = self.reference
        self.properties = properties
        api("glue").update_database(Name=old, DatabaseInput=self._input())

    def remove(self) -> None:
        """Delete the database."""
        api("glue").delete_database(Name=self.reference)


class GlueTable(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A table of the catalog; Ref gives its name."""

    TYPE = "AWS::Glue::Table"
    REPLACES = ("DatabaseName",)

    @property
    def reference(self) -> str:
        """Return the table's name."""
        return str(self._input()["Name"])

    def _input(self) -> dict[str, Any]:
        return {"Name": self.name.lower(), **self.properties["TableInput"]}

    def create(self) -> None:
        """Create the table."""
        options = only(self.properties, "DatabaseName", "OpenTableFormatInput")
        api("glue").create_table(TableInput=self._input(), **options)

    def change(self, properties: Properties) -> None:
        """Update the table."""
        self.properties = properties
        api("glue").update_table(DatabaseName=properties["DatabaseName"], TableInput=self._input())

    def remove(self) -> None:
        """Delete the table."""
        api("glue").delete_table(DatabaseName=self.properties["DatabaseName"], Name=self.reference)


class GlueJob(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A job; Ref gives its name. moto cannot update one, so a changed job loses its list of runs."""

    TYPE = "AWS::Glue::Job"
    NAME = "Name"

    def create(self) -> None:
        """Create the job."""
        api("glue").create_job(**without(self.named, "JobMode", "JobRunQueuingEnabled", "MaintenanceWindow"))

    def remove(self) -> None:
        """Delete the job."""
        api("glue").delete_job(JobName=self.name)


class GlueTrigger(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A trigger; Ref gives its name."""

    TYPE = "AWS::Glue::Trigger"
    NAME = "Name"

    def create(self) -> None:
        """Create the trigger; the API wants a Logical where one condition stands alone, AWS does not."""
        given = self.named
        if "Predicate" in given:
            given["Predicate"] = {"Logical": "AND", **given["Predicate"]}
        api("glue").create_trigger(**given)

    def remove(self) -> None:
        """Delete the trigger."""
        api("glue").delete_trigger(Name=self.name)


class GlueSecurityConfiguration(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """How jobs encrypt; Ref gives its name."""

    TYPE = "AWS::Glue::SecurityConfiguration"
    NAME = "Name"

    def create(self) -> None:
        """Create the configuration; CloudFormation and the API differ in the S3 part's name."""
        given = dict(self.properties["EncryptionConfiguration"])
        if "S3Encryptions" in given:
            given["S3Encryption"] = given.pop("S3Encryptions")
        api("glue").create_security_configuration(Name=self.name, EncryptionConfiguration=given)

    def remove(self) -> None:
        """Delete the configuration."""
        api("glue").delete_security_configuration(Name=self.name)
