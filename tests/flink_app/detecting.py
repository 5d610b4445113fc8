"""The real detector on a real Flink mini cluster, reading and writing files instead of streams."""

import base64
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyflink.table import StatementSet, StreamTableEnvironment

from commerce.event import Event, format_instant, to_line
from commerce.fields import INCIDENT_FIELDS, TALLY_FIELDS
from commerce.incident import Incident, parse
from commerce.rules import RULES
from commerce.rules.rule import Rule
from commerce.schemas import flink_columns
from flink_app.pipeline import build
from flink_app.settings import DetectorSettings
from flink_app.tables import table_environment

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = DetectorSettings(region="none", events_stream="none", incidents_stream="none")


@dataclass(frozen=True)
class Record:
    """What a shard holds: bytes, and when they arrived."""

    data: bytes
    arrived_at: datetime = ARRIVED_AT


def records_of(events: Sequence[Event]) -> list[Record]:
    return [Record(to_line(event)) for event in events]


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
        self._built(records, rules=rules, settings=settings, parallelism=parallelism)[1].execute().wait()
        return sorted(
            self._written(), key=lambda state: (state.rule, state.subject, state.last_seen_at, state.state != "open")
        )

    def outcomes(self, records: Sequence[Record], *, settings: DetectorSettings = SETTINGS) -> Counter[str]:
        """Return how many lines met which outcome."""
        tables, _ = self._built(records, rules=RULES, settings=settings, parallelism=1)
        return Counter(row[0] for row in tables.execute_sql("SELECT outcome FROM outcomes").collect())

    def _built(
        self, records: Sequence[Record], *, rules: Sequence[Rule], settings: DetectorSettings, parallelism: int
    ) -> tuple[StreamTableEnvironment, StatementSet]:
        tables = table_environment(settings)
        tables.get_config().set("parallelism.default", str(parallelism))
        for memory in ("network.min", "network.max", "managed.size"):  # one process stands for several machines
            tables.get_config().set(f"taskmanager.memory.{memory}", "1gb")
        (self.folder / "records.json").write_text("".join(_json(record) for record in records))
        tables.execute_sql(_files("records", "record BYTES, arrived_at TIMESTAMP(3)", self.folder / "records.json"))
        tables.execute_sql(_files("incidents", flink_columns(INCIDENT_FIELDS), self.folder / "incidents"))
        tables.execute_sql(_files("tallies", flink_columns(TALLY_FIELDS), self.folder / "tallies"))
        return tables, build(tables, rules=rules, settings=settings)

    def _written(self) -> list[Incident]:
        lines = [line for path in (self.folder / "incidents").rglob("part-*") for line in path.open("rb")]
        return [state for state in map(parse, lines) if isinstance(state, Incident)]


def _json(record: Record) -> str:
    arrived_at = format_instant(record.arrived_at).replace("T", " ").removesuffix("Z")
    return json.dumps({"record": base64.b64encode(record.data).decode(), "arrived_at": arrived_at}) + "\n"


def _files(table: str, columns: str, path: Path) -> str:
    return (
        f"CREATE TEMPORARY TABLE {table} ({columns}) "
        f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')"
    )
