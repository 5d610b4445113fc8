"""What it is to accept a finding of the rules: on what, why, until when, and in which stages it is found at all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from lambdas.settings import AddressForm
from stacks.stages import Stage

# What follows from how a service works is looked at once a year, what is a choice twice.
SETTLED, CHOSEN = date(2027, 11, 30), date(2027, 5, 31)


def _everywhere(_: Stage) -> bool:
    return True


def with_keys_of_aws(stage: Stage) -> bool:
    """Return whether the stage is encrypted with keys that AWS manages."""
    return not stage.customer_keys


def concealed(stage: Stage) -> bool:
    """Return whether addresses leave the streams in another form than they came in."""
    return stage.address_form != AddressForm.FULL


def emptied(stage: Stage) -> bool:
    """Return whether the stage's buckets are emptied when it is destroyed."""
    return not stage.retain_data


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One finding on one construct of one stack, why it is right as it is, and the last day on which that counts.

    `{stage}` in a finding stands for the stage's name. `found` says in which stages the rule finds it.
    """

    stack: str
    construct: str
    finding: str
    reason: str
    expires: date
    found: Callable[[Stage], bool] = _everywhere

    @property
    def acknowledged_as(self) -> str:
        """The id by which the finding's pack knows it."""
        return f"{self.finding.split('-')[0]}::{self.finding}"


def expired(accepted: Iterable[Accepted], *, on: date) -> list[Accepted]:
    """Return the entries whose last day is before the day."""
    return [each for each in accepted if each.expires < on]
