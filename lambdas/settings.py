"""What more than one function is told, so that the stacks can tell it."""

from enum import StrEnum

# All that a function does to the secret that holds the key for addresses.
SECRET_ACTIONS = ("secretsmanager:GetSecretValue",)


class AddressForm(StrEnum):
    """How addresses leave the streams."""

    FULL = "full"
    TRUNCATED = "truncated"
    KEYED_HASH = "keyed_hash"
