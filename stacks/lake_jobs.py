"""The batch jobs: `curate` once a day, `marts` when it has succeeded, and a third for what is done rarely.

The third, Maintenance, keeps the lake's files in order once a week, and is started by hand with another `--job` to
backfill days, withdraw a verdict or erase a user. It alone may rewrite raw objects, so it has a role of its own.
"""

from dataclasses import dataclass

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from commerce.settings import to_arguments
from glue_jobs.settings import LakeSettings
from stacks.packaging import ROOT, batch_zip
from stacks.parts.permission import allow
from stacks.parts.service_key import service_key
from stacks.stages import Stage

EVERY_DAY_AT_TWO_UTC = "cron(0 2 * * ? *)"
# When the nightly jobs are over, even where each failed late, was tried again and took all its time: they rewrite the
# same tables.
SUNDAYS_AT_NOON_UTC = "cron(0 12 ? * SUN *)"
# One script, told by its argument which job it is.
ENTRY = "glue_jobs/entry.py"


class BatchJobs(Construct):
    """Three jobs, two roles, what encrypts their logs and bookmarks, what starts them, and what counts successes."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, settings: LakeSettings) -> None:
        super().__init__(scope, construct_id)
        self.role = _role(self, "Role")
        self.maintenance_role = _role(self, "MaintenanceRole")
        key = service_key(self, "Key", purpose="Floorwalker: logs of the batch jobs", services=("logs.amazonaws.com",))
        code = assets.Asset(self, "Code", path=str(batch_zip()))
        script = assets.Asset(self, "Script", path=str(ROOT / ENTRY))
        for role in (self.role, self.maintenance_role):
            _let_run(role, key=key, code=[code, script])
        pattern = _Pattern(
            stage=stage,
            settings=settings,
            code=code,
            script=script,
            protection=_security_configuration(self, stage=stage, key_arn=key.key_arn),
        )
        # Both take up where a failed run stopped, so trying again is safe and spares somebody the night. Glue tries
        # again what FAILED; a run that took all its time, or was stopped, waits for somebody to start it.
        curate = pattern.job(self, "Curate", starts_as="curate", role=self.role, retries=1, minutes=120)
        marts = pattern.job(self, "Marts", starts_as="marts", role=self.role, retries=1, minutes=120)
        # Never by itself a second time: somebody has to see why an erasure stopped before it goes on, and the weekly
        # upkeep comes again anyway.
        maintenance = pattern.job(
            self, "Maintenance", starts_as="upkeep", role=self.maintenance_role, retries=0, minutes=240
        )
        self.jobs = (curate, marts, maintenance)
        _scheduled(self, "EveryDay", when=EVERY_DAY_AT_TWO_UTC, job=curate)
        _when_succeeded(self, "WhenCurated", first=curate, then=marts)
        _scheduled(self, "EveryWeek", when=SUNDAYS_AT_NOON_UTC, job=maintenance)
        self.curate_succeeded = _successes(self, "CurateSucceeded", job=curate)
        self.marts_succeeded = _successes(self, "MartsSucceeded", job=marts)
        CfnOutput(Stack.of(self), "CurateJobName", value=curate.ref)
        CfnOutput(Stack.of(self), "MartsJobName", value=marts.ref)
        CfnOutput(Stack.of(self), "MaintenanceJobName", value=maintenance.ref)


@dataclass(frozen=True, kw_only=True)
class _Pattern:
    """What every job has in common."""

    stage: Stage
    settings: LakeSettings
    code: assets.Asset
    script: assets.Asset
    protection: glue.CfnSecurityConfiguration

    def job(
        self, scope: Construct, title: str, *, starts_as: str, role: iam.Role, retries: int, minutes: int
    ) -> glue.CfnJob:
        """Return a job that runs once at a time and ends after so many minutes."""
        created = glue.CfnJob(
            scope,
            title,
            role=role.role_arn,
            glue_version="5.1",
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=self.script.s3_object_url
            ),
            default_arguments={
                "--job": starts_as,
                "--extra-py-files": self.code.s3_object_url,
                "--datalake-formats": "iceberg",
                "--enable-continuous-cloudwatch-log": "true",
                "--job-language": "python",
                **to_arguments(self.settings),
            },
            worker_type="G.1X",
            number_of_workers=self.stage.batch_workers,
            max_retries=retries,
            timeout=minutes,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=1),
            security_configuration=self.protection.ref,
        )
        created.node.add_dependency(role)
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


def _scheduled(scope: Construct, construct_id: str, *, when: str, job: glue.CfnJob) -> None:
    glue.CfnTrigger(
        scope,
        construct_id,
        type="SCHEDULED",
        schedule=when,
        start_on_creation=True,
        actions=[glue.CfnTrigger.ActionProperty(job_name=job.ref)],
    )


def _when_succeeded(scope: Construct, construct_id: str, *, first: glue.CfnJob, then: glue.CfnJob) -> None:
    succeeded = glue.CfnTrigger.ConditionProperty(job_name=first.ref, logical_operator="EQUALS", state="SUCCEEDED")
    glue.CfnTrigger(
        scope,
        construct_id,
        type="CONDITIONAL",
        start_on_creation=True,
        predicate=glue.CfnTrigger.PredicateProperty(conditions=[succeeded]),
        actions=[glue.CfnTrigger.ActionProperty(job_name=then.ref)],
    )


def _successes(scope: Construct, construct_id: str, *, job: glue.CfnJob) -> events.CfnRule:
    """Return a rule without a target: Glue has no metric of successes, but EventBridge counts what a rule matches."""
    return events.CfnRule(
        scope,
        construct_id,
        description="Floorwalker: counts the runs that succeeded",
        event_pattern={
            "source": ["aws.glue"],
            "detail-type": ["Glue Job State Change"],
            "detail": {"state": ["SUCCEEDED"], "jobName": [job.ref]},
        },
    )


def _role(scope: Construct, construct_id: str) -> iam.Role:
    return iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))


def _let_run(role: iam.Role, *, key: kms.Key, code: list[assets.Asset]) -> None:
    """Let a job fetch its code and write its log. Glue names the log groups itself, below /aws-glue."""
    stack = Stack.of(role)
    allow(role, "s3:GetObject", on=[asset.bucket.arn_for_objects(asset.s3_object_key) for asset in code])
    actions = ("AssociateKmsKey", "CreateLogGroup", "CreateLogStream", "PutLogEvents")
    groups = f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:/aws-glue/*"
    allow(role, *(f"logs:{action}" for action in actions), on=[groups])
    key.grant(role, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
