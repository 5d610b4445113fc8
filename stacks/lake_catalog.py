"""The Glue database, and the tables over the raw bytes.

The lake's own tables are created by the `curate` job, see docs/decisions/0010-the-job-creates-the-lake-tables.md.
"""

from collections.abc import Mapping

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.parts.permission import allow
from stacks.parts.removal import removal_policy
from stacks.stages import Stage


class Catalog(Construct):
    """A database named after the stage, with one text table for each kind of raw record."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, raw: s3.IBucket, raw_tables: Mapping[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        # SQL names the database, so it must be the same in every account: the one physical name given here.
        self.database_name = f"floorwalker_{stage.name}"
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database_name, description="Floorwalker: the lake of an online shop"
            ),
        )
        # Data that is kept without the tables that say what it is would be a heap of files.
        database.apply_removal_policy(removal_policy(stage))
        for name, prefix in raw_tables.items():
            table = _raw_table(self, name, database_name=self.database_name, location=raw.s3_url_for_object(prefix))
            table.add_resource_dependency(database)
            table.apply_removal_policy(removal_policy(stage))
        CfnOutput(Stack.of(self), "GlueDatabaseName", value=self.database_name)

    def let_read_and_write(self, grantee: iam.IGrantable) -> None:
        """Let a job see the database and create and change tables in it, and in no other."""
        stack = Stack.of(self)
        actions = ("GetDatabase", "GetTable", "GetTables", "CreateTable", "UpdateTable", "GetPartitions")
        resources = ("catalog", f"database/{self.database_name}", f"table/{self.database_name}/*")
        allow(
            grantee,
            *(f"glue:{action}" for action in actions),
            on=[f"arn:{Aws.PARTITION}:glue:{stack.region}:{stack.account}:{path}" for path in resources],
        )


def _raw_table(scope: Construct, name: str, *, database_name: str, location: str) -> glue.CfnTable:
    """Return a table of lines: JSON is taken apart in the query, so that a line that is none is seen too.

    The arrival hour is worked out from the object's path (partition projection): nobody has to add partitions.
    """
    text = glue.CfnTable.StorageDescriptorProperty(
        columns=[glue.CfnTable.ColumnProperty(name="line", type="string", comment="One record, its exact bytes.")],
        location=location,
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serde_info=glue.CfnTable.SerdeInfoProperty(
            serialization_library="org.apache.hadoop.hive.serde2.RegexSerDe", parameters={"input.regex": "(.*)"}
        ),
    )
    hour = {
        "projection.enabled": "true",
        "projection.arrival_hour.type": "date",
        "projection.arrival_hour.format": "yyyy/MM/dd/HH",
        "projection.arrival_hour.range": "2024/01/01/00,NOW",
        "projection.arrival_hour.interval": "1",
        "projection.arrival_hour.interval.unit": "HOURS",
        "storage.location.template": f"{location}${{arrival_hour}}/",
    }
    return glue.CfnTable(
        scope,
        "".join(word.title() for word in name.split("_")),
        catalog_id=Aws.ACCOUNT_ID,
        database_name=database_name,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            table_type="EXTERNAL_TABLE",
            storage_descriptor=text,
            partition_keys=[
                glue.CfnTable.ColumnProperty(name="arrival_hour", type="string", comment="yyyy/MM/dd/HH, UTC.")
            ],
            parameters={"EXTERNAL": "TRUE", **hour},
        ),
    )
