"""What the function that conceals addresses must be told."""

from dataclasses import dataclass

# All that a function does to the secret that holds the key.
SECRET_ACTIONS = ("secretsmanager:GetSecretValue",)


@dataclass(frozen=True, kw_only=True)
class ConcealSettings:
    """How addresses leave the streams (`truncated` or `keyed_hash`), and the ARN of the secret with the key."""

    address_form: str
    address_key_secret: str
