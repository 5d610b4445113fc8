"""A DynamoDB table by one key: encrypted, recoverable, paid by use, whose rows end at a time they carry themselves."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.parts.removal import removal_policy
from stacks.stages import Stage


def forgetful_table(scope: Construct, construct_id: str, *, stage: Stage, key: str, forgets_by: str) -> dynamodb.Table:
    """Return the table. `key` is a text; `forgets_by` is the attribute with the epoch second of its end."""
    return dynamodb.Table(
        scope,
        construct_id,
        partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.AWS_MANAGED,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        time_to_live_attribute=forgets_by,
        removal_policy=removal_policy(stage),
    )
