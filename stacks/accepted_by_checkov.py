"""The findings of checkov that are accepted, each on the one resource that it is accepted on.

Where it finds what cdk-nag finds too, one entry stands for both.
"""

from dataclasses import replace

from stacks.acceptance import CHOSEN, SETTLED, Accepted, concealed, emptied, with_keys_of_aws
from stacks.accepted import ACCEPTED

_KNOWN_TO_NAG_AS = {
    "NIST.800.53.R5-LambdaConcurrency": "CKV_AWS_115",
    "NIST.800.53.R5-LambdaDLQ": "CKV_AWS_116",
    "NIST.800.53.R5-LambdaInsideVPC": "CKV_AWS_117",
    "NIST.800.53.R5-SecretsManagerUsingKMSKey": "CKV_AWS_149",
    "NIST.800.53.R5-CloudWatchLogGroupEncrypted": "CKV_AWS_158",
    "NIST.800.53.R5-S3BucketVersioningEnabled": "CKV_AWS_21",
}
_NAMES_ONLY = "The variables name resources and hold no secret, which a test watches."
_EMPTIES_BUCKETS = (
    "CDK's own function empties the buckets while CloudFormation destroys the stack, and waits for its answer; it "
    "reaches S3 over TLS and nothing else."
)

BY_CHECKOV: tuple[Accepted, ...] = (
    *(replace(each, finding=_KNOWN_TO_NAG_AS[each.finding]) for each in ACCEPTED if each.finding in _KNOWN_TO_NAG_AS),
    *(
        Accepted(
            stack="lake",
            construct="Custom::S3AutoDeleteObjectsCustomResourceProvider/Handler",
            finding=rule,
            reason=_EMPTIES_BUCKETS,
            expires=SETTLED,
            found=emptied,
        )
        for rule in ("CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117")
    ),
    *(
        Accepted(
            stack=stack,
            construct=table,
            finding="CKV_AWS_119",
            reason="The table is encrypted with the key that AWS manages; customer_keys brings one of the shop's.",
            expires=CHOSEN,
            found=with_keys_of_aws,
        )
        for stack, table in (("allowlist", "AllowListTable"), ("response", "IncidentsTable"))
    ),
    *(
        Accepted(stack=stack, construct=function, finding="CKV_AWS_173", reason=_NAMES_ONLY, expires=CHOSEN)
        for stack, function in (("detection", "Starter"), ("response", "Responder"))
    ),
    Accepted(
        stack="addresses",
        construct="Concealer",
        finding="CKV_AWS_173",
        reason=_NAMES_ONLY,
        expires=CHOSEN,
        found=concealed,
    ),
    Accepted(
        stack="lake",
        construct="AccessLogs",
        finding="CKV_AWS_18",
        reason="This bucket is itself the access log of the others.",
        expires=SETTLED,
    ),
    Accepted(
        stack="response",
        construct="DeadLetters",
        finding="CKV_AWS_27",
        reason="The queue is encrypted by SQS itself, which this check does not know; it holds no record.",
        expires=SETTLED,
    ),
)
