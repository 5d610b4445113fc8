"""What takes full addresses out of records before they are stored, where the stage asks: a function and a key."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from commerce.settings import to_environment
from lambdas.conceal.settings import ConcealSettings
from lambdas.settings import SECRET_ACTIONS
from stacks.packaging import function_zip
from stacks.parts.function import Function
from stacks.parts.permission import allow
from stacks.parts.removal import removal_policy
from stacks.stages import Stage

KEY_CHARACTERS = 64


class AddressesStack(Stack):
    """The function that Firehose hands records to, and the key that it shares with the responder.

    AWS makes the key up while it deploys: it is in no template. A stage that retains its data retains the key, without
    which the same address would get another pseudonym.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.key = secretsmanager.Secret(
            self,
            "Key",
            description="Floorwalker: the key for pseudonyms of addresses",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=KEY_CHARACTERS, exclude_punctuation=True
            ),
            removal_policy=removal_policy(stage),
        )
        settings = ConcealSettings(
            address_form=stage.address_form,
            address_key_secret=self.key.secret_arn,
            known_networks=stage.known_networks,
        )
        self.concealer = Function(
            self,
            "Concealer",
            stage=stage,
            name="conceal",
            code=function_zip("conceal"),
            environment=to_environment(settings),
            timeout=Duration.minutes(2),
        )
        allow(self.concealer, *SECRET_ACTIONS, on=[self.key.secret_arn])
