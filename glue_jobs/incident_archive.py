"""What the archive of the incidents stream holds, as the ledger compares it with the lake."""

from dataclasses import dataclass, field

from commerce.incident import Incident, RiskSignal, Tally, parse


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The archive of the incidents stream: records by object, and each id with the place where it comes first.

    `refused` are the lines that are no such record, by object and line.
    """

    objects: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, str] = field(default_factory=dict)
    tallies: dict[str, str] = field(default_factory=dict)
    risks: dict[str, str] = field(default_factory=dict)
    refused: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def add(self, key: str, number: int, line: bytes) -> None:
        """Take one line; what cannot be read is kept as it is, and is among the lake's rejects."""
        self.objects[key] += 1
        place = f"{key}, line {number}"
        try:
            record = parse(line)
        except ValueError:
            self.refused[key, number] = line
            return
        match record:
            case Incident():
                self.incidents.setdefault(record.incident_id, place)
            case Tally():
                self.tallies.setdefault(record.tally_id, place)
            case RiskSignal():
                self.risks.setdefault(record.risk_id, place)
