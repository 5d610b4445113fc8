"""The detector between its edges: from the table `records` to the rows of `incidents`, `tallies` and `risks`."""

import secrets
from collections.abc import Callable, Sequence

from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import Schema, StatementSet, StreamTableEnvironment, Table

from commerce.rules.rule import PANE_SECONDS, Rule, SubjectType
from commerce.sql.flink import judged_sql, lines_sql
from flink_app.episodes import crossings_views, episodes_sql, incidents_sql
from flink_app.events import CARRIED, on_time_after_sql, on_time_sql, outcomes_sql, tallies_sql, timed_sql
from flink_app.features import crossings_sql, site_history_sql, site_panes_sql, site_parts_sql
from flink_app.panes import pane_views
from flink_app.risk import PACE, deeds_sql, purchases_sql, risks_sql, scored_sql
from flink_app.settings import DetectorSettings


def build(tables: StreamTableEnvironment, *, rules: Sequence[Rule], settings: DetectorSettings) -> StatementSet:
    """Return the statements that read `records` once and write `incidents`, `tallies` and, if told to, `risks`.

    The tables must exist: `records(record BYTES, arrived_at TIMESTAMP(3), shard STRING)`, and the others by the field
    table. Where there are no shards, `shard` is NULL.
    """
    read_events(tables, settings)
    for name, query in pane_views(rules, of_users=PACE if settings.behavioural_risk else ()):
        _shared_view(tables, name, query)
    watch_site(tables, rules)
    statements = conclude(tables, rules=rules, settings=settings)
    if settings.behavioural_risk:
        get_gateway().jvm.java.time.ZoneId.of(settings.shop_time_zone)  # SQL would take a misspelt one for UTC
        _view(tables, "purchases", purchases_sql())
        _view(tables, "deeds", deeds_sql(settings.shop_time_zone))
        _shared_view(tables, "scored_sessions", scored_sql())
        statements.add_insert_sql(f"INSERT INTO risks {risks_sql()}")
    return statements


def read_events(tables: StreamTableEnvironment, settings: DetectorSettings) -> None:
    """Create the views from `lines` to `on_time` and `on_time_after`: what the rules read."""
    about = ("arrived_at", "shard")
    _view(tables, "lines", lines_sql("records", carried=about))
    _view(tables, "judged", judged_sql(lines="lines", carried=(*CARRIED, *about), seal=secrets.token_hex(16)))
    _give_time(tables, settings)
    _view(tables, "outcomes", outcomes_sql(settings.known_networks))
    _view(tables, "on_time", on_time_sql())
    _view(tables, "on_time_after", on_time_after_sql())


def watch_site(tables: StreamTableEnvironment, rules: Sequence[Rule]) -> None:
    """Create the views of the rule about the site, which reads `user_panes`."""
    for rule in rules:
        if rule.subject_type is SubjectType.SITE:
            _view(tables, "site_parts", site_parts_sql(rule))
            _view(tables, "site_panes", site_panes_sql())
            _view(tables, "site_history", site_history_sql(rule))


def conclude(
    tables: StreamTableEnvironment,
    *,
    rules: Sequence[Rule],
    settings: DetectorSettings,
    crossings: Callable[[Rule], str] = crossings_sql,
) -> StatementSet:
    """Return the statements that write `incidents` and `tallies`; `crossings` gives the query of a rule's crossings."""
    for name, query in crossings_views(rules, crossings):
        _shared_view(tables, name, query)
    _view(tables, "episodes", episodes_sql(rules))
    statements = tables.create_statement_set()
    statements.add_insert_sql(f"INSERT INTO incidents {incidents_sql(rules)}")
    statements.add_insert_sql(f"INSERT INTO tallies {tallies_sql(settings.tally_seconds)}")
    return statements


def _give_time(tables: StreamTableEnvironment, settings: DetectorSettings) -> None:
    """Create `events_in_time`: `judged` with event time, which passes for all shards together, and what is late."""
    tables.create_temporary_view("judged_once", _stream(tables, tables.from_path("judged")))
    timed = tables.sql_query(timed_sql("judged_once"))
    names = timed.get_schema().get_field_names()
    schema = Schema.new_builder()
    for name, type_ in zip(names, timed.get_schema().get_field_data_types(), strict=True):
        schema.column(name, type_)
    schema.column("late", "BOOLEAN NOT NULL").column_by_expression("read_at", "PROCTIME()")
    schema.watermark("rowtime", "SOURCE_WATERMARK()")
    in_time = get_gateway().jvm.floorwalker.EventTime.of(
        _stream(tables, timed)._j_data_stream,
        names.index("shard"),
        names.index("rowtime"),
        *(1000 * each for each in (settings.allowed_lateness_seconds, PANE_SECONDS, settings.idle_timeout_seconds)),
    )
    tables.create_temporary_view("events_in_time", DataStream(in_time), schema.build())


def _view(tables: StreamTableEnvironment, name: str, query: str) -> None:
    tables.execute_sql(f"CREATE TEMPORARY VIEW {name} AS {query}")


def _shared_view(tables: StreamTableEnvironment, name: str, query: str) -> None:
    """Create a view that is computed once, however many read it.

    The planner plans the readers of a plain view one by one, leaves out of it what one of them does not need, and then
    sees no two alike: each gets windows and state of its own. A stream is where its plans end.
    """
    schema = Schema.new_builder().watermark("rowtime", "SOURCE_WATERMARK()").build()
    tables.create_temporary_view(name, _stream(tables, tables.sql_query(query)), schema)


def _stream(tables: StreamTableEnvironment, table: Table) -> DataStream:
    """Return the table's rows as they are between Flink's own operators.

    PyFlink's `to_data_stream` makes objects of Java's out of each row, and the next table makes them rows again.
    """
    types = get_gateway().jvm.org.apache.flink.table.types.utils.DataTypeUtils
    inside = types.toInternalDataType(table._j_table.getResolvedSchema().toSourceRowDataType())
    return DataStream(tables._j_tenv.toDataStream(table._j_table, inside))
