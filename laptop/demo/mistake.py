"""A mistake that people make, and take back: an attacker on the allow list. The lake's numbers follow both times."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commerce.incident import Incident
from commerce.rules import RULES_BY_NAME
from commerce.rules.rule import SubjectType
from laptop.network import aws_environment, clean_environment
from laptop.processes import LaptopError
from laptop.running import Laptop

# A surge is what one takes for a sale of the shop's own; of the others any will do.
_MOST_LIKELY = (SubjectType.SITE, SubjectType.USER, SubjectType.SESSION, SubjectType.ADDRESS)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Whom somebody takes for welcome."""

    laptop: Laptop
    subject_type: str
    subject: str

    def __str__(self) -> str:
        """Return whom, in words."""
        return "the surges" if self.subject_type == SubjectType.SITE else f"{self.subject_type} {self.subject}"

    def make(self) -> None:
        """Allow the subject. Raises LaptopError."""
        until = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        self._edit("add", "--until", until, "--because", "taken for a sale of our own")

    def take_back(self) -> None:
        """Allow the subject no more. Raises LaptopError."""
        self._edit("remove")

    def _edit(self, what: str, *options: str) -> None:
        table = self.laptop.outputs["AllowListTableName"]
        command = [sys.executable, "-m", "lambdas.allow", "--table", table, what, self.subject_type, self.subject]
        environment = {**clean_environment(), **aws_environment(self.laptop.endpoint_url)}
        done = subprocess.run([*command, *options], env=environment, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise LaptopError(f"The allow list could not be edited: {done.stderr.strip()}")


def likely_mistake(laptop: Laptop, incidents: Iterable[Incident]) -> Mistake | None:
    """Return the mistake to make with what was found; None where nobody was taken out of the numbers."""
    subjects = {
        (_MOST_LIKELY.index(SubjectType(incident.subject_type)), incident.subject)
        for incident in incidents
        if RULES_BY_NAME[incident.rule].marks_automaton
    }
    if not subjects:
        return None
    place, subject = min(subjects)
    return Mistake(laptop=laptop, subject_type=_MOST_LIKELY[place], subject=subject)
