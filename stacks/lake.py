"""Where every record is kept and questions are answered."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from glue_jobs.settings import ALLOW_LIST_ACTIONS, NO_NETWORKS, LakeSettings
from stacks.lake_catalog import Catalog
from stacks.lake_jobs import BatchJobs
from stacks.lake_queries import ANSWERS_PREFIX, Queries
from stacks.parts.delivery import Delivery
from stacks.parts.permission import allow
from stacks.parts.private_bucket import PrivateBucket
from stacks.stages import Stage

EVENTS_PREFIX = "raw/events/"
INCIDENTS_PREFIX = "raw/incidents/"
EVERYTHING = ""
ACCESS_LOG_DAYS = 90
ANSWER_DAYS = 30


class LakeStack(Stack):
    """Raw bytes by arrival hour, the lake's tables, the jobs between the two, and the questions."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        events: kinesis.Stream,
        incidents: kinesis.Stream,
        allow_list: dynamodb.ITable,
        conceal: lambda_.IFunction | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._conceal = conceal
        access_logs = PrivateBucket(self, "AccessLogs", stage=stage, keep_days={EVERYTHING: ACCESS_LOG_DAYS})
        self.raw = PrivateBucket(
            self,
            "Raw",
            stage=stage,
            access_logs=access_logs,
            keep_days={EVERYTHING: stage.raw_retention_days},
            archive_after_days=stage.raw_archive_after_days,
        )
        self.lake = PrivateBucket(
            self, "Lake", stage=stage, access_logs=access_logs, keep_days={ANSWERS_PREFIX: ANSWER_DAYS}
        )
        self.deliveries = [
            self._delivery("Events", stage=stage, source=events, prefix=EVENTS_PREFIX, errors="errors/events/"),
            self._delivery(
                "Incidents", stage=stage, source=incidents, prefix=INCIDENTS_PREFIX, errors="errors/incidents/"
            ),
        ]
        self.catalog = Catalog(
            self,
            "Catalog",
            stage=stage,
            raw=self.raw,
            raw_tables={"raw_events": EVENTS_PREFIX, "raw_incidents": INCIDENTS_PREFIX},
        )
        settings = LakeSettings(
            raw_bucket=self.raw.bucket_name,
            warehouse=stage.warehouse_folder or self.lake.s3_url_for_object("warehouse/"),
            database=self.catalog.database_name,
            engine=stage.batch_engine,
            catalog=stage.catalog,
            events_prefix=EVENTS_PREFIX,
            incidents_prefix=INCIDENTS_PREFIX,
            allow_list_table=allow_list.table_name,
            shop_time_zone=stage.shop_time_zone,
            known_networks=stage.known_networks or NO_NETWORKS,
            table_retention=stage.table_retention,
        )
        self.jobs = BatchJobs(self, "Batch", stage=stage, settings=settings)
        for role in (self.jobs.role, self.jobs.maintenance_role):
            self.catalog.let_read_and_write(role)
            _let_read(role, raw=self.raw)
            _let_write(role, lake=self.lake)
            allow(role, *ALLOW_LIST_ACTIONS, on=[allow_list.table_arn])
        _let_erase(self.jobs.maintenance_role, raw=self.raw)
        self.queries = Queries(self, "Queries", stage=stage, bucket=self.lake, database=self.catalog.database_name)
        CfnOutput(self, "RawBucketName", value=self.raw.bucket_name)
        CfnOutput(self, "LakeBucketName", value=self.lake.bucket_name)
        CfnOutput(self, "EventsDeliveryName", value=self.deliveries[0].stream.ref)

    def _delivery(self, title: str, *, stage: Stage, source: kinesis.IStream, prefix: str, errors: str) -> Delivery:
        return Delivery(
            self,
            f"{title}Delivery",
            stage=stage,
            source=source,
            bucket=self.raw,
            prefix=prefix,
            error_prefix=errors,
            conceal=self._conceal,
        )


def _let_read(role: iam.IRole, *, raw: s3.IBucket) -> None:
    allow(role, "s3:GetBucketLocation", "s3:ListBucket", on=[raw.bucket_arn])
    allow(role, "s3:GetObject", on=[raw.arn_for_objects("raw/*")])


def _let_erase(role: iam.IRole, *, raw: s3.IBucket) -> None:
    """Let the job take a user's records out of raw objects, and out of versions of them should there be any."""
    allow(role, "s3:ListBucketVersions", on=[raw.bucket_arn])
    actions = ("DeleteObject", "DeleteObjectVersion", "GetObjectVersion", "PutObject")
    allow(role, *(f"s3:{action}" for action in actions), on=[raw.arn_for_objects("raw/*")])


def _let_write(role: iam.IRole, *, lake: s3.IBucket) -> None:
    """Let the job replace files: a table in the lake is rewritten file by file, so it deletes as well."""
    allow(role, "s3:GetBucketLocation", "s3:ListBucket", on=[lake.bucket_arn])
    actions = ("AbortMultipartUpload", "DeleteObject", "GetObject", "PutObject")
    allow(role, *(f"s3:{action}" for action in actions), on=[lake.arn_for_objects("warehouse/*")])
