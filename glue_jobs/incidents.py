"""Records of the incidents stream to the lake: each episode in its latest state, tallies and risks once.

They are few, a handful an episode, so they are read by the domain's own parser; the merge is SQL in the engine.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from commerce.incident import Incident, RiskSignal, Tally, parse
from commerce.rules.rule import Severity
from glue_jobs.engine import Engine
from glue_jobs.raw import RawBucket, RawObject, records
from glue_jobs.tables import INCIDENTS, REJECTS, RISK_SIGNALS, TALLIES, Table

NOT_AN_INCIDENT = "not_an_incident"


@dataclass
class Arrived:
    """What a batch of objects held, as rows of the four tables it goes to."""

    incidents: list[dict[str, Any]] = field(default_factory=list)
    tallies: list[dict[str, Any]] = field(default_factory=list)
    risks: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    readable: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes, *, source_object: str, line_number: int, arrived_at: datetime) -> None:
        """Read one record and put it where it belongs."""
        place = {"source_object": source_object, "line_number": line_number}
        try:
            record = parse(line)
        except ValueError:
            self.refused[source_object] += 1
            self.rejects.append({"line": line, "reason": NOT_AN_INCIDENT, "arrived_at": arrived_at, **place})
            return
        self.readable[source_object] += 1
        match record:
            case Incident():
                lists = {"sample_event_ids": list(record.sample_event_ids), "subjects": list(record.subjects)}
                self.incidents.append({**asdict(record), **lists, "arrived_at": arrived_at})
            case Tally():
                self.tallies.append({**asdict(record), "arrived_at": arrived_at})
            case RiskSignal():
                self.risks.append({**asdict(record), "arrived_at": arrived_at})


def take_incidents(
    objects: Sequence[RawObject], *, engine: Engine, raw: RawBucket, reached: Callable[[str], None]
) -> dict[str, tuple[int, int]]:
    """Merge the records of the objects into the lake. Doing it twice changes nothing.

    Returns by object how many records could be read and how many were refused.
    """
    arrived = _read(objects, raw=raw)
    if arrived.incidents:
        engine.present("arrived_incidents", INCIDENTS.columns, arrived.incidents)
        engine.replace(INCIDENTS, LATEST_STATES)
    reached("incidents: incidents")
    if arrived.tallies:
        engine.present("arrived_tallies", TALLIES.columns, arrived.tallies)
        engine.append(TALLIES, NEW_TALLIES)
    reached("incidents: tallies")
    if arrived.risks:
        engine.present("arrived_risks", RISK_SIGNALS.columns, arrived.risks)
        engine.append(RISK_SIGNALS, NEW_RISKS)
    reached("incidents: risks")
    if arrived.rejects:
        engine.present("arrived_rejects", REJECTS.columns, arrived.rejects)
        engine.append(REJECTS, f"SELECT {_names(REJECTS)} FROM arrived_rejects")
    reached("incidents: rejects")
    return {found.key: (arrived.readable[found.key], arrived.refused[found.key]) for found in objects}


def _read(objects: Sequence[RawObject], *, raw: RawBucket) -> Arrived:
    arrived = Arrived()
    for found in objects:
        for number, line in records(raw.read(found.key)):
            arrived.add(line, source_object=found.key, line_number=number, arrived_at=found.arrived_at)
    return arrived


def _names(table: Table) -> str:
    return ", ".join(table.column_names)


_RANK = "CASE severity " + " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(Severity)) + " END"
_HIGHEST = f"MAX({_RANK}) OVER (PARTITION BY incident_id)"
_SEVERITY = f"CASE {_HIGHEST} " + " ".join(f"WHEN {rank} THEN '{name}'" for rank, name in enumerate(Severity)) + " END"
_STATE = ", ".join(f"{_SEVERITY} AS severity" if name == "severity" else name for name in INCIDENTS.column_names)
# A later state wins over an earlier one, whenever it arrived; of two alike the one seen last, then the first to come.
# Only the severity is the highest that any of them had.
LATEST_STATES = f"""
SELECT {_names(INCIDENTS)} FROM (
  SELECT {_STATE}, ROW_NUMBER() OVER (
    PARTITION BY incident_id
    ORDER BY CASE state WHEN 'closed' THEN 3 WHEN 'extended' THEN 2 ELSE 1 END DESC, last_seen_at DESC, arrived_at
  ) AS nth
  FROM (
    SELECT {_names(INCIDENTS)} FROM incidents
    UNION ALL
    SELECT {_names(INCIDENTS)} FROM arrived_incidents
  ) AS states
) AS ranked
WHERE nth = 1"""


def _new(table: Table, key: str, arrived: str) -> str:
    """Return the arrived rows whose key the table does not have yet, each once."""
    return f"""
SELECT {_names(table)} FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY arrived_at) AS nth FROM {arrived}
) AS arrived
WHERE nth = 1 AND NOT EXISTS (SELECT 1 FROM {table.name} WHERE {table.name}.{key} = arrived.{key})"""


NEW_TALLIES = _new(TALLIES, "tally_id", "arrived_tallies")
NEW_RISKS = _new(RISK_SIGNALS, "risk_id", "arrived_risks")
