"""One way to write down what a role may do: the actions by name, and on what."""

from aws_cdk import aws_iam as iam


def allow(grantee: iam.IGrantable, *actions: str, on: list[str]) -> None:
    """Let the grantee do exactly these actions on these ARNs. Nothing here ends in a wildcard action."""
    grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=on))
