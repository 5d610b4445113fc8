"""The real detector on a real Flink mini cluster, reading and writing files instead of streams."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyflink.table import StatementSet

from commerce.event import Event, to_line
from commerce.incident import Incident
from commerce.rules.rule import Rule
from flink_app.over_files import between_files, detect, record_line, states_in
from flink_app.settings import DetectorSettings

# One process stands for several machines.
MACHINE = {f"taskmanager.memory.{memory}": "1gb" for memory in ("network.min", "network.max", "managed.size")}
ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = DetectorSettings(
    region="none", events_stream="none", incidents_stream="none", behavioural_risk=False
)  # a start is cheaper without what the test is not about


@dataclass(frozen=True)
class Record:
    """What a shard holds: bytes, and when they arrived."""

    data: bytes
    arrived_at: datetime = ARRIVED_AT
    shard: str | None = None


def records_of(events: Sequence[Event]) -> list[Record]:
    return [Record(to_line(event)) for event in events]


def with_outcomes(
    folder: Path,
    *,
    rules: Sequence[Rule],
    settings: DetectorSettings,
    flink: Mapping[str, str],
    growing: bool = False,
) -> StatementSet:
    """Return the detector on the folder, not yet running, which also writes what became of each line."""
    tables, statements = between_files(folder, rules=rules, settings=settings, flink=flink, growing=growing)
    options = f"'connector' = 'filesystem', 'path' = '{folder / 'met'}', 'format' = 'raw'"
    tables.execute_sql(f"CREATE TEMPORARY TABLE met (outcome STRING) WITH ({options})")
    return statements.add_insert_sql("INSERT INTO met SELECT outcome FROM outcomes")


def outcomes_in(folder: Path) -> Counter[str]:
    """Return how many lines met which outcome."""
    parts = (part.read_text() for part in (folder / "met").rglob("part-*"))
    return Counter(line for part in parts for line in part.splitlines())


@dataclass(frozen=True)
class Detector:
    """Runs records through the pipeline, in a folder of its own."""

    folder: Path

    def states(
        self,
        records: Sequence[Record],
        *,
        rules: Sequence[Rule],
        settings: DetectorSettings = SETTINGS,
        parallelism: int = 1,
    ) -> list[Incident]:
        """Return every state of every incident, by rule, subject and time."""
        self._write(records)
        detect(self.folder, rules=rules, settings=settings, flink={**MACHINE, "parallelism.default": str(parallelism)})
        return sorted(
            states_in(self.folder),
            key=lambda state: (state.rule, state.subject, state.last_seen_at, state.state != "open"),
        )

    def states_and_outcomes(
        self, records: Sequence[Record], *, rules: Sequence[Rule], settings: DetectorSettings
    ) -> tuple[list[Incident], Counter[str]]:
        """Return every state of every incident, in no order, and how many lines met which outcome."""
        self._write(records)
        with_outcomes(self.folder, rules=rules, settings=settings, flink=MACHINE).execute().wait()
        return states_in(self.folder), outcomes_in(self.folder)

    def _write(self, records: Sequence[Record]) -> None:
        lines = "".join(record_line(record.data, record.arrived_at, shard=record.shard) for record in records)
        (self.folder / "records.json").write_text(lines)
