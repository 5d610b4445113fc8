"""Every IAM statement whose resource is `*`, with the reason. A test finds any that is not listed here."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wildcard:
    """Statements of resources of one type, in constructs whose name starts with `construct`."""

    resource_type: str
    construct: str
    actions: frozenset[str]
    reason: str


_WHOLE_KEY = frozenset({"kms:*"})
_USE_OF_KEY = frozenset({"kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"})

WILDCARDS: tuple[Wildcard, ...] = (
    Wildcard(
        resource_type="AWS::KMS::Key",
        construct="TopicsKey",
        actions=_WHOLE_KEY,
        reason="A key's own policy calls the key `*`; this statement leaves the key to the account's administrators.",
    ),
    Wildcard(
        resource_type="AWS::KMS::Key",
        construct="TopicsKey",
        actions=_USE_OF_KEY,
        reason="A key's own policy calls the key `*`; alarms and EventBridge publish to an encrypted topic with it.",
    ),
    Wildcard(
        resource_type="AWS::KMS::Key",
        construct="BatchKey",
        actions=_WHOLE_KEY,
        reason="A key's own policy calls the key `*`; this statement leaves the key to the account's administrators.",
    ),
    Wildcard(
        resource_type="AWS::KMS::Key",
        construct="BatchKey",
        actions=_USE_OF_KEY,
        reason="A key's own policy calls the key `*`; CloudWatch Logs encrypts the jobs' logs with it.",
    ),
    *(
        Wildcard(
            resource_type="AWS::KMS::Key",
            construct=key,
            actions=_WHOLE_KEY,
            reason="A key's own policy calls the key `*`; this leaves the key to the account's administrators.",
        )
        for key in ("DataKey", "LogsKey")
    ),
    Wildcard(
        resource_type="AWS::KMS::Key",
        construct="LogsKey",
        actions=_USE_OF_KEY | {"kms:DescribeKey"},
        reason="A key's own policy calls the key `*`; CloudWatch Logs encrypts the log groups of this account with it.",
    ),
    Wildcard(
        resource_type="AWS::IAM::Policy",
        construct="Role",
        actions=frozenset({"kinesis:InjectApiError"}),
        reason="Fault Injection Service takes the streams by a condition: these two, and two kinds of fault.",
    ),
)
