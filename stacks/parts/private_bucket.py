"""A bucket as every bucket here is: private, encrypted, TLS only, its accesses logged, its leftovers cleared."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.parts.removal import removal_policy
from stacks.stages import Stage


class PrivateBucket(s3.Bucket):
    """Keeps objects for ever, but those below a prefix of `keep_days` for so many days.

    A stage that retains nothing empties the bucket when it is destroyed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        keep_days: Mapping[str, int],
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
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
                *(
                    s3.LifecycleRule(prefix=prefix, expiration=Duration.days(days))
                    for prefix, days in keep_days.items()
                ),
            ],
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            removal_policy=removal_policy(stage),
            auto_delete_objects=not stage.retain_data,
        )
