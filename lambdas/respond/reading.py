"""What a batch of records says, read line by line, so that a poison line costs its own record and no other."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from commerce.incident import Incident, RiskSignal, Tally, parse
from lambdas.kinesis import KinesisRecord
from lambdas.respond.episode import folded


class UnreadableLineError(Exception):
    """A line that is no incident, no tally and no signal of risk. The message says why, without the line's content."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The tallies, signals of risk and episodes of a batch, which records speak of an episode, which are unreadable.

    `archived` are the ids of episodes that only records from the archive speak of: their addresses are in their form.
    """

    tallies: list[Tally] = field(default_factory=list)
    risks: list[RiskSignal] = field(default_factory=list)
    episodes: dict[str, Incident] = field(default_factory=dict)
    spoken_of_by: dict[str, list[str]] = field(default_factory=dict)
    unreadable: dict[str, UnreadableLineError] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)


def read(records: Iterable[KinesisRecord]) -> Reading:
    """Read a batch; the states of one episode within it come out as one."""
    reading, incidents, live = Reading(), list[Incident](), set[str]()
    for record in records:
        for number, line in enumerate(record.lines(), start=1):
            try:
                said = parse(line)
            except ValueError as error:
                reading.unreadable[record.sequence_number] = UnreadableLineError(f"line {number}: {error}")
                continue
            if isinstance(said, Tally):
                reading.tallies.append(said)
            elif isinstance(said, RiskSignal):
                reading.risks.append(said)
            else:
                incidents.append(said)
                reading.spoken_of_by.setdefault(said.incident_id, []).append(record.sequence_number)
                if not record.is_archived:
                    live.add(said.incident_id)
    reading.episodes.update(folded(incidents))
    reading.archived.update(reading.episodes.keys() - live)
    return reading
