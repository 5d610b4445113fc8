"""The questions, as Athena named queries in a workgroup that encrypts answers and caps what one may scan."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_s3 as s3
from constructs import Construct

from glue_jobs.questions import questions
from stacks.stages import Stage

ANSWERS_PREFIX = "answers/"


class Queries(Construct):
    """One workgroup, and the named queries of every question: a mart has two, all traffic and people only."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, bucket: s3.IBucket, database: str) -> None:
        super().__init__(scope, construct_id)
        # Athena asks for a name, unique within the account. It is no reference, so that an alert can name the
        # workgroup while the stacks stay independent.
        self.workgroup_name = f"floorwalker-{stage.name}"
        workgroup = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=self.workgroup_name,
            recursive_delete_option=True,
            work_group_configuration=_configuration(stage=stage, bucket=bucket),
        )
        # What an alert names for looking at an incident's sample events.
        self.sample_events = "incident_events"
        for question in questions().values():
            for name, title, sql in question.athena_queries():
                query = athena.CfnNamedQuery(
                    self,
                    "".join(word.title() for word in name.split("_")),
                    name=name,
                    description=title,
                    database=database,
                    work_group=workgroup.name,
                    query_string=sql,
                )
                query.add_resource_dependency(workgroup)
        CfnOutput(Stack.of(self), "WorkgroupName", value=workgroup.ref)


def _configuration(*, stage: Stage, bucket: s3.IBucket) -> athena.CfnWorkGroup.WorkGroupConfigurationProperty:
    part = athena.CfnWorkGroup
    return part.WorkGroupConfigurationProperty(
        enforce_work_group_configuration=True,
        publish_cloud_watch_metrics_enabled=True,
        bytes_scanned_cutoff_per_query=stage.bytes_scanned_cutoff,
        result_configuration=part.ResultConfigurationProperty(
            output_location=bucket.s3_url_for_object(ANSWERS_PREFIX),
            encryption_configuration=part.EncryptionConfigurationProperty(encryption_option="SSE_S3"),
        ),
    )
