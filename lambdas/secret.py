"""The key for addresses, read once a container from Secrets Manager: it is in no template, log or environment."""

from collections.abc import Callable
from typing import Any, Protocol

from lambdas.addresses import Concealment
from lambdas.settings import AddressForm


class Secrets(Protocol):
    """What is needed of the client for Secrets Manager."""

    def get_secret_value(self, *, SecretId: str) -> Any:
        """Return the secret's value."""


def concealment(form: str, *, secret: str, client: Callable[[], Secrets]) -> Concealment:
    """Return how addresses are concealed; the secret is read only where the form needs its key.

    Raises ValueError for an unknown form or a short key, and the client's errors.
    """
    chosen = AddressForm(form)
    if chosen is AddressForm.FULL:
        return Concealment()
    return Concealment(form=chosen, key=client().get_secret_value(SecretId=secret)["SecretString"].encode())
