"""What it is to accept a finding of the rules: on what, why, until when, and in which stages it is found at all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from stacks.stages import Stage


def _everywhere(_: Stage) -> bool:
    return True


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
