"""The lake's tables, declared once: both engines create them from here, and the documentation reads them.

Types are Hive's names, which Glue, Athena and Spark share. `timestamp` is an instant, UTC.
"""

from dataclasses import dataclass

from commerce.fields import EVENT_FIELDS, INCIDENT_FIELDS, RISK_FIELDS, TALLY_FIELDS
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

    def type_of(self, name: str) -> str:
        """Return the type of the column of that name. Raises KeyError."""
        return {column.name: column.type for column in self.columns}[name]

    @property
    def properties(self) -> dict[str, str]:
        """What Iceberg is told when the table is created.

        Beside each file it notes the least and greatest value of every column, and keeps them in manifests after the
        file is gone. A user's id or address must not stay there, so only the columns that files are chosen by have it.
        """
        bounded = {column.name: _BOUNDS[column.type] for column in self.columns if column.type in _BOUNDS}
        if SOURCE[0] in self.columns:
            bounded[SOURCE[0].name] = "truncate(32)"
        bounds = {f"write.metadata.metrics.column.{name}": mode for name, mode in bounded.items()}
        return {"write.metadata.metrics.default": "counts", **bounds}


ARRIVED_AT = Column("arrived_at", "timestamp", "End of the hour in which the first record of its raw object came.")
SOURCE = (
    Column("source_object", "string", "The raw object the record came in."),
    Column("line_number", "bigint", "Its line in that object, from 1."),
)
_BOUNDS = {"date": "full", "timestamp": "full"}

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
    grain="One row an episode, in its latest state, with the highest severity it had.",
    columns=(*(Column(*column) for column in hive_columns(INCIDENT_FIELDS)), ARRIVED_AT),
)
TALLIES = Table(
    name="tallies",
    grain="One row a period, outcome and reason of the detector's account.",
    columns=(*(Column(*column) for column in hive_columns(TALLY_FIELDS)), ARRIVED_AT),
)
RISK_SIGNALS = Table(
    name="risk_signals",
    grain="One row a session of a person that the detector saw reason to take care of; shopper_risk knows more.",
    columns=(*(Column(*column) for column in hive_columns(RISK_FIELDS)), ARRIVED_AT),
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
# Not a table of the lake: one row that a build presents, for the marts that ask for the shop's zone or the time.
SHOP = "shop"
SHOP_COLUMNS = (
    Column("time_zone", "string", "The shop's time zone, as Europe/Berlin."),
    Column("asked_at", "timestamp", "When the build began: only a sender's clock that is ahead says later."),
)
VERDICTS = Table(
    name="verdicts",
    grain="One row an incident and subject it takes out of the people-only reading, as the marts were last built with.",
    columns=(
        Column("incident_id", "string", "The incident that says so."),
        Column("rule", "string", "Its rule, one that marks a bot."),
        Column("subject_type", "string", "Whose events are taken out: those of a user, a session or an address."),
        Column("subject", "string", "Which one: a user_id, user_session or ip_address of events."),
        Column("taken_out_from", "timestamp", "Event time of the first moment taken out."),
        Column("taken_out_until", "timestamp", "Event time of the last moment taken out."),
    ),
)
KNOWN_NETWORKS = Table(
    name="known_networks",
    grain="One row a network of welcome bots, whose events are no people's, as the marts were last built with.",
    columns=(Column("network", "string", "The IPv4 network, as 192.0.2.0/24."),),
)
WITHDRAWALS = Table(
    name="withdrawals",
    grain="One row a decision of a person about an incident; the latest counts.",
    columns=(
        Column("incident_id", "string", "The incident."),
        Column("decided_at", "timestamp", "When it was decided."),
        Column("withdrawn", "boolean", "True: it was no bot. False: it was one after all."),
        Column("because", "string", "The reason given."),
    ),
)
ALLOWANCES = Table(
    name="allowances",
    grain="One row a subject that is or was on the allow list. Its incidents take nothing out until the entry expires.",
    columns=(
        Column("subject_type", "string", "user, session, address or site."),
        Column("subject", "string", "Who is allowed: an id, an address or a network of them, or 'site'."),
        Column("because", "string", "The reason given."),
        Column("added_at", "timestamp", "When the entry was made or last changed."),
        Column("added_by", "string", "Who did that."),
        Column("expires_at", "timestamp", "When it ends, or ended."),
    ),
)
RESTATEMENTS = Table(
    name="restatements",
    grain="One row a number that changed after people could have read it.",
    columns=(
        Column("restatement_id", "string", "SHA-256 over the change and the build before it: told once."),
        Column("restated_at", "timestamp", "When the marts were built that have the new number."),
        Column("mart", "string", "The mart."),
        Column("reading", "string", "all_traffic or people_only."),
        Column("period_start", "date", "The day, or the Monday of the week; empty where the mart has no period."),
        Column("row_key", "string", "The rest of the row's key, as name=value."),
        Column("number", "string", "The column."),
        Column("was", "string", "The number before; empty where there was no such row."),
        Column("now", "string", "The number since; empty where the row is gone."),
        Column(
            "cause",
            "string",
            "verdict, setting (the networks of welcome bots), events (late, sent again or erased ones), "
            "or several of them, joined by and; undone: what a build that died had told has been taken back.",
        ),
        Column("incident_ids", "array<string>", "The incidents whose verdicts changed for that period."),
    ),
)
BUILT_DAYS = Table(
    name="built_days",
    grain="One row a UTC day that the marts have been computed for, written last.",
    columns=(
        Column("day", "date", "The day."),
        Column("objects", "bigint", "Raw objects with events of that day, and erasures."),
        Column("changed_at", "timestamp", "When the last of them was taken or erased."),
        Column("built_at", "timestamp", "When the marts were last brought up to date."),
        Column("stale", "boolean", "True: a build began to compute it anew, and died before it was through."),
    ),
)
BUILT_WITH = Table(
    name="built_with",
    grain="One row a mart or building block, and the way it is computed; written when that has changed.",
    columns=(
        Column("mart", "string", "The mart."),
        Column("definition", "string", "SHA-256 of its query and of what that is made of."),
        Column(
            "since", "timestamp", "When its days were first built so; a number read before may have been another one."
        ),
    ),
)
ERASURES = Table(
    name="erasures",
    grain="One row a user erased: the receipt.",
    columns=(
        Column("erasure_id", "string", "The receipt's number."),
        Column("begun_at", "timestamp", "When it was begun."),
        Column("erased_at", "timestamp", "When it was done; empty as long as it is not: erase the user again then."),
        Column("user_hash", "string", "SHA-256 of the user id, to prove whose it was without keeping it."),
        Column("events", "bigint", "Events deleted."),
        Column("rejects", "bigint", "Rejects deleted."),
        Column("other_rows", "bigint", "Rows deleted from all other tables."),
        Column("raw_objects", "bigint", "Raw objects written anew without the user's records."),
        Column("raw_records", "bigint", "Records blanked in them, or rid of the user's event ids."),
        Column("event_days", "array<date>", "The days whose numbers change by it."),
    ),
)
FORGOTTEN = Table(
    name="forgotten",
    grain="One row a table and day of which rows were deleted, because their time was over.",
    columns=(
        Column("table_name", "string", "The table."),
        Column("day", "date", "The UTC day of the rows: of the event, of the arrival, or the mart's own."),
        Column("until_hour", "string", "What arrived in hours before is gone, as 2026/10/31/23; empty for marts."),
        Column("forgotten_at", "timestamp", "When it was decided, just before they were deleted."),
    ),
)

TABLES: tuple[Table, ...] = (
    EVENTS,
    REJECTS,
    INCIDENTS,
    TALLIES,
    RISK_SIGNALS,
    RUNS,
    VERDICTS,
    KNOWN_NETWORKS,
    WITHDRAWALS,
    ALLOWANCES,
    RESTATEMENTS,
    BUILT_DAYS,
    BUILT_WITH,
    ERASURES,
    FORGOTTEN,
)
