"""The lake's tables, declared once: both engines create them from here, and the documentation reads them.

Types are Hive's names, which Glue, Athena and Spark share. `timestamp` is an instant, UTC.
"""

from dataclasses import dataclass

from commerce.fields import EVENT_FIELDS, INCIDENT_FIELDS, TALLY_FIELDS
from commerce.schemas import hive_columns


@dataclass(frozen=True)
class Column:
    """One column: name, Hive type, and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One Iceberg table. `grain` says what a row is; `partition` is a column whose values keep files apart."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    partition: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(column.name for column in self.columns)


ARRIVED_AT = Column("arrived_at", "timestamp", "End of the hour in which the record reached the raw bucket.")
SOURCE = (
    Column("source_object", "string", "The raw object the record came in."),
    Column("line_number", "bigint", "Its line in that object, from 1."),
)

EVENTS = Table(
    name="events",
    grain="One row an event, each event_id once.",
    columns=(
        *(Column(*column) for column in hive_columns(EVENT_FIELDS)),
        Column("event_day", "date", "The UTC day of event_time."),
        ARRIVED_AT,
        *SOURCE,
    ),
    partition="event_day",
)
REJECTS = Table(
    name="rejects",
    grain="One row a record that is none, with its exact bytes.",
    columns=(
        Column("line", "binary", "The record, byte for byte, without its line break."),
        Column("reason", "string", "Why it was refused: the first check that failed."),
        ARRIVED_AT,
        *SOURCE,
    ),
)
INCIDENTS = Table(
    name="incidents",
    grain="One row an episode, in its latest state.",
    columns=(*(Column(*column) for column in hive_columns(INCIDENT_FIELDS)), ARRIVED_AT),
)
TALLIES = Table(
    name="tallies",
    grain="One row a period, outcome and reason of the detector's account.",
    columns=(*(Column(*column) for column in hive_columns(TALLY_FIELDS)), ARRIVED_AT),
)
RUNS = Table(
    name="runs",
    grain="One row a raw object taken, written last: what it names is in the lake, nothing else is.",
    columns=(
        Column("run_id", "string", "The run of curate that took it."),
        Column("feed", "string", "events or incidents."),
        Column("taken_at", "timestamp", "When its batch was completed."),
        Column("source_object", "string", "The key of the object."),
        Column("records", "bigint", "Its lines, blank ones left out: events + rejects + duplicates."),
        Column("events", "bigint", "Records that became events; of the feed incidents, readable records."),
        Column("rejects", "bigint", "Records refused, now in rejects."),
        Column("duplicates", "bigint", "Records whose event_id was there before."),
        Column("event_days", "array<date>", "The UTC days of those events; empty for the feed incidents."),
    ),
)

TABLES: tuple[Table, ...] = (EVENTS, REJECTS, INCIDENTS, TALLIES, RUNS)
