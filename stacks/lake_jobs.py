"""The batch jobs: `curate` once a day, and `marts` when it has succeeded."""

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from commerce.settings import to_arguments
from glue_jobs.settings import LakeSettings
from stacks.packaging import ROOT, batch_zip
from stacks.parts.permission import allow
from stacks.parts.service_key import service_key
from stacks.stages import Stage

EVERY_DAY_AT_TWO_UTC = "cron(0 2 * * ? *)"
# One script, told by its argument which job it is.
ENTRY = "glue_jobs/entry.py"
JOBS = {"Curate": "curate", "Marts": "marts"}


class BatchJobs(Construct):
    """Two jobs, the role they share, what encrypts their logs and bookmarks, and what starts them."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, settings: LakeSettings) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        key = service_key(self, "Key", purpose="Floorwalker: logs of the batch jobs", services=("logs.amazonaws.com",))
        key.grant(self.role, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
        protection = _security_configuration(self, stage=stage, key_arn=key.key_arn)
        code = assets.Asset(self, "Code", path=str(batch_zip()))
        script = assets.Asset(self, "Script", path=str(ROOT / ENTRY))
        self.jobs = {
            title: self._job(
                title, job=job, script=script, code=code, stage=stage, settings=settings, protection=protection
            )
            for title, job in JOBS.items()
        }
        _let_read(self.role, assets_read=[code, script])
        _let_log(self.role)
        _daily(self, first=self.jobs["Curate"], then=self.jobs["Marts"])
        CfnOutput(Stack.of(self), "CurateJobName", value=self.jobs["Curate"].ref)
        CfnOutput(Stack.of(self), "MartsJobName", value=self.jobs["Marts"].ref)

    def _job(
        self,
        title: str,
        *,
        job: str,
        script: assets.Asset,
        code: assets.Asset,
        stage: Stage,
        settings: LakeSettings,
        protection: glue.CfnSecurityConfiguration,
    ) -> glue.CfnJob:
        created = glue.CfnJob(
            self,
            title,
            role=self.role.role_arn,
            glue_version="5.1",
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            default_arguments={
                "--job": job,
                "--extra-py-files": code.s3_object_url,
                "--datalake-formats": "iceberg",
                "--enable-continuous-cloudwatch-log": "true",
                "--job-language": "python",
                **to_arguments(settings),
            },
            worker_type="G.1X",
            number_of_workers=stage.batch_workers,
            max_retries=1,
            timeout=120,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=1),
            security_configuration=protection.ref,
        )
        created.node.add_dependency(self.role)
        return created


def _security_configuration(scope: Construct, *, stage: Stage, key_arn: str) -> glue.CfnSecurityConfiguration:
    part = glue.CfnSecurityConfiguration
    return part(
        scope,
        "Protection",
        # Glue asks for a name and keeps it unique within the account.
        name=f"floorwalker-{stage.name}",
        encryption_configuration=part.EncryptionConfigurationProperty(
            cloud_watch_encryption=part.CloudWatchEncryptionProperty(
                cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=key_arn
            ),
            job_bookmarks_encryption=part.JobBookmarksEncryptionProperty(
                job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key_arn
            ),
            s3_encryptions=[part.S3EncryptionProperty(s3_encryption_mode="SSE-S3")],
        ),
    )


def _daily(scope: Construct, *, first: glue.CfnJob, then: glue.CfnJob) -> None:
    glue.CfnTrigger(
        scope,
        "EveryDay",
        type="SCHEDULED",
        schedule=EVERY_DAY_AT_TWO_UTC,
        start_on_creation=True,
        actions=[glue.CfnTrigger.ActionProperty(job_name=first.ref)],
    )
    succeeded = glue.CfnTrigger.ConditionProperty(job_name=first.ref, logical_operator="EQUALS", state="SUCCEEDED")
    glue.CfnTrigger(
        scope,
        "WhenCurated",
        type="CONDITIONAL",
        start_on_creation=True,
        predicate=glue.CfnTrigger.PredicateProperty(conditions=[succeeded]),
        actions=[glue.CfnTrigger.ActionProperty(job_name=then.ref)],
    )


def _let_read(role: iam.Role, *, assets_read: list[assets.Asset]) -> None:
    keys = [asset.bucket.arn_for_objects(asset.s3_object_key) for asset in assets_read]
    allow(role, "s3:GetObject", on=keys)


def _let_log(role: iam.Role) -> None:
    """Glue names the log groups itself, below /aws-glue."""
    stack = Stack.of(role)
    actions = ("AssociateKmsKey", "CreateLogGroup", "CreateLogStream", "PutLogEvents")
    groups = f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:/aws-glue/*"
    allow(role, *(f"logs:{action}" for action in actions), on=[groups])
