"""Compares what was found with what was planted: each attack once, and nobody else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from commerce.event import parse_instant
from commerce.incident import Incident

# A window may still be above its threshold when the attack is over.
AFTERMATH = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One planted attack, when it began and ended, and the incidents that caught it."""

    family: str
    subject: str
    began: datetime
    ended: datetime
    found: tuple[Incident, ...] = ()

    @property
    def seconds_to_detect(self) -> float:
        """Event time from the attack's first event to the first crossing; raises IndexError where never."""
        return (self.found[0].opened_at - self.began).total_seconds()

    def caused(self, incident: Incident) -> bool:
        """Return whether the incident is this attack's."""
        return (
            incident.rule == self.family
            and incident.subject == self.subject
            and self.began <= incident.opened_at <= self.ended + AFTERMATH
        )


def verdicts(truth: Mapping[str, Any], incidents: Iterable[Incident]) -> tuple[list[Verdict], list[Incident]]:
    """Return a verdict for each planted attack, and the incidents that belong to none."""
    others = list(incidents)
    judged: list[Verdict] = []
    for attack in sorted(truth["attacks"], key=lambda attack: str(attack["start"])):
        planted = Verdict(
            family=attack["family"],
            subject=attack["subject"],
            began=parse_instant(attack["start"]),
            ended=parse_instant(attack["end"]),
        )
        found = tuple(incident for incident in others if planted.caused(incident))
        others = [incident for incident in others if incident not in found]
        judged.append(replace(planted, found=found))
    return judged, others


def mistakes(judged: Iterable[Verdict], others: Iterable[Incident]) -> list[str]:
    """Return what the detector got wrong, in words."""
    wrong = [
        f"{verdict.family} by {verdict.subject} at {verdict.began}: {len(verdict.found)} incidents, expected 1"
        for verdict in judged
        if len(verdict.found) != 1
    ]
    return wrong + [f"{incident.rule} for {incident.subject}: nobody attacked" for incident in others]
