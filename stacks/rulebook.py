"""cdk-nag's rule packs over every stack: AWS Solutions, Serverless and NIST 800-53 R5.

An error that is not in the list of accepted findings fails the synth, a warning the tests.
"""

from aws_cdk import Acknowledgment, App, Stack, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks
from constructs import IConstruct

from stacks.accepted import ACCEPTED
from stacks.stages import Stage


def check_with_rules(app: App, *, stage: Stage) -> None:
    """Have the rules applied to every stack of the app while it is synthesised, with the accepted findings."""
    for pack in (AwsSolutionsChecks, ServerlessChecks, NIST80053R5Checks):
        Validations.of(app).add_plugins(pack(app))
    stacks = {child.node.id.rsplit("-", 1)[-1]: child for child in app.node.children if Stack.is_stack(child)}
    for accepted in (each for each in ACCEPTED if each.found(stage)):
        construct = _construct(stacks[accepted.stack], accepted.construct)
        known_as = accepted.acknowledged_as.replace("{stage}", stage.name)
        Validations.of(construct).acknowledge(Acknowledgment(id=known_as, reason=accepted.reason))


def _construct(stack: IConstruct, path: str) -> IConstruct:
    construct = stack
    for part in path.split("/"):
        construct = construct.node.find_child(part)
    return construct
