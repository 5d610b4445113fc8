"""What the function that conceals addresses must be told."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ConcealSettings:
    """How addresses leave the streams (`truncated` or `keyed_hash`), and the ARN of the secret with the key.

    Those of `known_networks`, IPv4 networks of welcome automata, leave them as they are.
    """

    address_form: str
    address_key_secret: str
    known_networks: tuple[str, ...] = ()
