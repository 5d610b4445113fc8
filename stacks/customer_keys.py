"""Keys of the shop's own in the place of those that AWS manages, where the stage asks for them.

Two keys: one for the data (streams, buckets, tables, answers of Athena), one for logs. No service may use the data key
by itself: a role may, for the one service in whose resources it works, and nothing else in the account may but its
administrators. The topics and the batch jobs' logs have keys of their own in any stage.

Not changed: the bucket of access logs, into which S3 writes with its own key only; the queue, which holds no record.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from stacks.stages import Stage

ACCESS_LOGS = "AccessLogs"
READ, WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# The least that DynamoDB asks of whoever writes to a table with such a key, and of whoever only reads.
READ_ROWS = ("kms:Decrypt", "kms:DescribeKey")
WRITE_ROWS = (*READ_ROWS, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
_LOGS_ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a role does with the data key, by way of which service."""

    stack: str
    role: str
    service: str
    actions: tuple[str, ...]


USES = (
    Use(stack="detection", role="Role", service="kinesis", actions=WRITE),
    Use(stack="response", role="ResponderRole", service="kinesis", actions=READ),
    Use(stack="response", role="ResponderRole", service="dynamodb", actions=WRITE_ROWS),
    *(
        use
        for delivery in ("EventsDelivery", "IncidentsDelivery")
        for use in (
            Use(stack="lake", role=f"{delivery}/Role", service="kinesis", actions=READ),
            Use(stack="lake", role=f"{delivery}/Role", service="s3", actions=WRITE),
        )
    ),
    *(
        use
        for role in ("Batch/Role", "Batch/MaintenanceRole")
        for use in (
            Use(stack="lake", role=role, service="s3", actions=WRITE),
            Use(stack="lake", role=role, service="dynamodb", actions=READ_ROWS),
        )
    ),
)


class CustomerKeysStack(Stack):
    """The two keys. A stage that retains its data retains the key without which nobody could read it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.data = _key(self, "DataKey", purpose="Floorwalker: what shoppers did", retained=stage.retain_data)
        self.logs = _key(self, "LogsKey", purpose="Floorwalker: logs", retained=False)
        _let_logs_use(self.logs)
        CfnOutput(self, "DataKeyArn", value=self.data.key_arn)


def encrypt_with(keys: CustomerKeysStack, stacks: dict[str, Stack]) -> None:
    """Give everything in the stacks, by their short names, one of the keys, and each role what it needs of it."""
    for stack in stacks.values():
        for construct in stack.node.find_all():
            _encrypt(construct, keys=keys)
    for use in USES:
        _let_use(_found(stacks[use.stack], use.role), key=keys.data, use=use)


def _encrypt(construct: IConstruct, *, keys: CustomerKeysStack) -> None:
    data = keys.data.key_arn
    match construct:
        case kinesis.CfnStream():
            construct.stream_encryption = kinesis.CfnStream.StreamEncryptionProperty(encryption_type="KMS", key_id=data)
        case s3.CfnBucket() if construct.node.scope and construct.node.scope.node.id != ACCESS_LOGS:
            construct.bucket_encryption = _of_bucket(data)
        case dynamodb.CfnTable():
            construct.sse_specification = dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=data
            )
        case logs.CfnLogGroup():
            construct.kms_key_id = keys.logs.key_arn
        case athena.CfnWorkGroup():
            construct.add_property_override(f"{_RESULTS}.EncryptionConfiguration", _sse_kms("EncryptionOption", data))
        case glue.CfnSecurityConfiguration():
            modes = [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": data}]
            construct.add_property_override("EncryptionConfiguration.S3Encryptions", modes)


_RESULTS = "WorkGroupConfiguration.ResultConfiguration"


def _sse_kms(option: str, key: str) -> dict[str, str]:
    return {option: "SSE_KMS", "KmsKey": key}


def _of_bucket(key: str) -> s3.CfnBucket.BucketEncryptionProperty:
    part = s3.CfnBucket
    by_default = part.ServerSideEncryptionByDefaultProperty(sse_algorithm="aws:kms", kms_master_key_id=key)
    # One key of the bucket's own stands between: without it every object asks for the data key, and bills.
    rule = part.ServerSideEncryptionRuleProperty(bucket_key_enabled=True, server_side_encryption_by_default=by_default)
    return part.BucketEncryptionProperty(server_side_encryption_configuration=[rule])


def _key(scope: Construct, construct_id: str, *, purpose: str, retained: bool) -> kms.Key:
    return kms.Key(
        scope,
        construct_id,
        description=purpose,
        enable_key_rotation=True,
        pending_window=Duration.days(30 if retained else 7),
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retained else RemovalPolicy.DESTROY,
    )


def _let_logs_use(key: kms.Key) -> None:
    """Let CloudWatch Logs use the key for log groups of this account, in this region, and for nothing else."""
    groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:*"
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("logs.amazonaws.com")],
            actions=list(_LOGS_ACTIONS),
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )


def _let_use(role: iam.Role, *, key: kms.Key, use: Use) -> None:
    through = {"StringEquals": {"kms:ViaService": f"{use.service}.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
    role.add_to_principal_policy(
        iam.PolicyStatement(actions=list(use.actions), resources=[key.key_arn], conditions=through)
    )


def _found(stack: Stack, path: str) -> iam.Role:
    found = _descend(stack, iter(path.split("/")))
    if not isinstance(found, iam.Role):
        raise TypeError(f"{path} of {stack.stack_name} is no role")
    return found


def _descend(construct: IConstruct, path: Iterator[str]) -> IConstruct:
    for part in path:
        construct = construct.node.find_child(part)
    return construct
