"""cdk-nag's rule packs over every stack: AWS Solutions, Serverless and NIST 800-53 R5.

An error that is not in the list of accepted findings fails the synth, a warning the tests. checkov looks at the
templates afterwards: what is accepted of its findings is written there, beside the resource.
"""

from aws_cdk import Acknowledgment, App, CfnResource, Stack, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks
from constructs import IConstruct

from stacks.acceptance import Accepted
from stacks.accepted import ACCEPTED
from stacks.accepted_by_checkov import BY_CHECKOV
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
    for accepted in (each for each in BY_CHECKOV if each.found(stage)):
        construct = _construct(stacks[accepted.stack], accepted.construct)
        _have_skipped(construct.node.default_child or construct, accepted)


def _have_skipped(resource: IConstruct, accepted: Accepted) -> None:
    """Tell checkov in the template.

    Source: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
    """
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{resource.node.path} is no resource of a template")
    skipped = (resource.get_metadata("checkov") or {"skip": []})["skip"]
    entry = {"id": accepted.finding, "comment": accepted.reason}
    resource.add_metadata("checkov", {"skip": [*skipped, entry]})


def _construct(stack: IConstruct, path: str) -> IConstruct:
    construct = stack
    for part in path.split("/"):
        construct = construct.node.find_child(part)
    return construct
