"""cdk-nag's AwsSolutions rules over every stack, and the findings that are accepted, each with its reason.

A finding that is not in this list fails the synth.
"""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, App, Stack, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One finding on one construct of one stack, and why it is right as it is."""

    stack: str
    construct: str
    finding: str
    reason: str


_OWN_PREFIX = "The role writes below this prefix of this bucket, where object names are Firehose's or Iceberg's own."
_ENCRYPTED_AT_SOURCE = (
    "A delivery stream that reads a Kinesis stream stores nothing itself; the Kinesis stream is encrypted."
)
_JOBS_RESOURCES = {
    "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws-glue/*": (
        "Glue names its log groups itself, below /aws-glue."
    ),
    "arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:table/floorwalker_{stage}/*": (
        "The jobs create and change the tables of this one database."
    ),
    "<Raw72517081.Arn>/raw/*": "The jobs read every raw object, and one rewrites them; their names are Firehose's own.",
    "<Lake5F1B88EA.Arn>/warehouse/*": _OWN_PREFIX,
}

ACCEPTED: tuple[Accepted, ...] = (
    *(
        Accepted(
            stack="lake",
            construct=f"{title}Delivery/Role",
            finding=f"AwsSolutions-IAM5[Resource::<Raw72517081.Arn>/{top}/{title.lower()}/*]",
            reason=_OWN_PREFIX,
        )
        for title in ("Events", "Incidents")
        for top in ("raw", "errors")
    ),
    *(
        Accepted(
            stack="lake",
            construct=f"{title}Delivery/Stream",
            finding="AwsSolutions-KDF1",
            reason=_ENCRYPTED_AT_SOURCE,
        )
        for title in ("Events", "Incidents")
    ),
    *(
        Accepted(stack="lake", construct=f"Batch/{role}", finding=f"AwsSolutions-IAM5[Resource::{on}]", reason=reason)
        for role in ("Role", "MaintenanceRole")
        for on, reason in _JOBS_RESOURCES.items()
    ),
    Accepted(
        stack="response",
        construct="DeadLetters",
        finding="AwsSolutions-SQS3",
        reason="This queue is itself the dead-letter queue: of an event source mapping, which the rule cannot see.",
    ),
)


def check_with_rules(app: App, *, stage_name: str) -> None:
    """Have the rules applied to every stack of the app while it is synthesised, with the accepted findings."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stacks = {child.node.id.rsplit("-", 1)[-1]: child for child in app.node.children if Stack.is_stack(child)}
    for accepted in ACCEPTED:
        construct = _construct(stacks[accepted.stack], accepted.construct)
        finding = accepted.finding.replace("{stage}", stage_name)
        Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::{finding}", reason=accepted.reason))


def _construct(stack: IConstruct, path: str) -> IConstruct:
    construct = stack
    for part in path.split("/"):
        construct = construct.node.find_child(part)
    return construct
