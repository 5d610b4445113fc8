"""A KMS key that named AWS services may use: the keys that AWS manages refuse them."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


def service_key(scope: Construct, construct_id: str, *, purpose: str, services: Sequence[str]) -> kms.Key:
    """Return a key, turned every year, that the account's roles and the named services may use.

    It goes with the stack: what outlives the stack and is encrypted with it, as logs, cannot be read any more.
    """
    key = kms.Key(
        scope,
        construct_id,
        description=purpose,
        enable_key_rotation=True,
        pending_window=Duration.days(7),
        removal_policy=RemovalPolicy.DESTROY,
    )
    for service in services:
        key.grant_encrypt_decrypt(iam.ServicePrincipal(service))
    return key
