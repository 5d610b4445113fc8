"""A bucket as every bucket here is: private, encrypted, TLS only, its accesses logged, its leftovers cleared."""

from collections.abc import Iterator, Mapping

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.parts.removal import removal_policy
from stacks.stages import Stage

LEFTOVERS_DAYS = 7


class PrivateBucket(s3.Bucket):
    """Keeps objects for ever, but those below a prefix of `keep_days` for so many days.

    After `archive_after_days`, 0 for never, objects of at least 128 KB move to a class that is cheap to keep and dear
    to read, but read as quickly. A stage that retains nothing empties the bucket when it is destroyed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        keep_days: Mapping[str, int],
        archive_after_days: int = 0,
        access_logs: s3.IBucket | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[*_leftovers(), *_archive(archive_after_days), *_expiry(keep_days)],
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            removal_policy=removal_policy(stage),
            auto_delete_objects=not stage.retain_data,
        )


def _leftovers() -> Iterator[s3.LifecycleRule]:
    """Clear parts of uploads that broke off, and replaced versions in case somebody turns versioning on."""
    yield s3.LifecycleRule(
        abort_incomplete_multipart_upload_after=Duration.days(LEFTOVERS_DAYS),
        noncurrent_version_expiration=Duration.days(LEFTOVERS_DAYS),
    )


def _archive(after_days: int) -> Iterator[s3.LifecycleRule]:
    if after_days:
        move = s3.Transition(
            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(after_days)
        )
        yield s3.LifecycleRule(transitions=[move])


def _expiry(keep_days: Mapping[str, int]) -> Iterator[s3.LifecycleRule]:
    for prefix, days in keep_days.items():
        yield s3.LifecycleRule(prefix=prefix, expiration=Duration.days(days))
