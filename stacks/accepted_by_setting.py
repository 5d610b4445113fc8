"""The findings that are accepted where a stage has asked for something: keys of its own, addresses concealed."""

from stacks.acceptance import CHOSEN, SETTLED, Accepted, concealed, with_keys_of_aws
from stacks.stages import Stage


def _concealed_with_keys_of_aws(stage: Stage) -> bool:
    return concealed(stage) and with_keys_of_aws(stage)


def _rests(stage: Stage) -> bool:
    return stage.detector_rests is not None


def _experiments(stage: Stage) -> bool:
    return stage.fault_experiments


def _with_own_keys(stage: Stage) -> bool:
    return stage.customer_keys


OF_CUSTOMER_KEYS = tuple(
    Accepted(
        stack="streams",
        construct=stream,
        finding="AwsSolutions-KDS3",
        reason="The rule warns of what a key of one's own costs; the stage has asked for one.",
        expires=SETTLED,
        found=_with_own_keys,
    )
    for stream in ("Events", "Incidents")
)

OF_RESTING = (
    Accepted(
        stack="detection",
        construct="Rest/Role",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason="The role may start and stop one application, which nobody else is to be given.",
        expires=SETTLED,
        found=_rests,
    ),
)

OF_EXPERIMENTS = tuple(
    Accepted(
        stack="experiments",
        construct="Role",
        finding=finding,
        reason=reason,
        expires=SETTLED,
        found=_experiments,
    )
    for finding, reason in (
        (
            "AwsSolutions-IAM5[Resource::*]",
            "Fault Injection Service takes the streams by a condition: these two, and two kinds of fault.",
        ),
        (
            "NIST.800.53.R5-IAMNoInlinePolicy",
            "The role may break two streams for a while, which nobody else is to be given.",
        ),
    )
)

_ONE_KEY_FOR_GOOD = "With another key the same address would have another pseudonym, and no verdict would fit the past."
_OF_THE_FUNCTION = {
    "Serverless-LambdaTracing": "Writing traces needs a permission on every resource; the function calls no other.",
    "Serverless-LambdaDLQ": "Firehose waits for each answer, and keeps what it could not get transformed.",
    "NIST.800.53.R5-LambdaDLQ": "Firehose waits for each answer, and keeps what it could not get transformed.",
    "NIST.800.53.R5-LambdaConcurrency": "As many run at once as the streams have shards, and Firehose bounds that.",
    "NIST.800.53.R5-LambdaInsideVPC": "The function reaches Secrets Manager over TLS, once, and nothing else.",
}

OF_ADDRESSES = (
    *(
        Accepted(
            stack="addresses",
            construct="Key",
            finding=rule,
            reason=_ONE_KEY_FOR_GOOD,
            expires=SETTLED,
            found=concealed,
        )
        for rule in ("AwsSolutions-SMG4", "NIST.800.53.R5-SecretsManagerRotationEnabled")
    ),
    Accepted(
        stack="addresses",
        construct="Key",
        finding="NIST.800.53.R5-SecretsManagerUsingKMSKey",
        reason="Secrets Manager encrypts it with its key for this account; two roles may read it.",
        expires=CHOSEN,
        found=concealed,
    ),
    *(
        Accepted(stack="addresses", construct="Concealer", finding=rule, reason=why, expires=CHOSEN, found=concealed)
        for rule, why in _OF_THE_FUNCTION.items()
    ),
    Accepted(
        stack="addresses",
        construct="ConcealerRole",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason="The role has permissions of its own on resources by name, which nobody else is to be given.",
        expires=SETTLED,
        found=concealed,
    ),
    Accepted(
        stack="addresses",
        construct="ConcealerLogs",
        finding="NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        reason="CloudWatch encrypts every group with its own key, and nothing logs an address.",
        expires=CHOSEN,
        found=_concealed_with_keys_of_aws,
    ),
)
