"""What is Java's between views that are SQL: lines, event time, panes, and what is computed once for many."""

from typing import Any

from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import Schema, StreamTableEnvironment, Table

from commerce.fields import EVENT_FIELDS
from commerce.incident import MAX_SUBJECTS
from commerce.rejects import MAX_LINE_CHARACTERS, MAX_OPENING_BRACKETS
from commerce.risk.signs import ROLLING_SECONDS
from commerce.rules.rule import LONG_PANE_SECONDS, LONGEST_GAP_SECONDS, PANE_SECONDS, SUBJECT_FIELDS
from flink_app.events import timed_sql
from flink_app.panes import Panes, panes_view
from flink_app.settings import DetectorSettings

# Far more than there are fields, and so few that no plain line is too long.
MOST_MEMBERS = 24
# Of open panes the events, each pane for five more, and of subjects lately busy the panes and values, that a subtask
# holds; some hundred and forty bytes each. More are kept in Flink's state alone.
MOST_IN_MEMORY = 400_000
# Of each history of a single one. No rule looks for as many; whoever has more is compared with less of its past.
MOST_OF_ONE = 50_000


def view(tables: StreamTableEnvironment, name: str, query: str) -> None:
    """Create a view that each of its readers plans anew."""
    tables.execute_sql(f"CREATE TEMPORARY VIEW {name} AS {query}")


def shared_view(tables: StreamTableEnvironment, name: str, query: str) -> None:
    """Create a view that is computed once, however many read it.

    The planner plans the readers of a plain view one by one, leaves out of it what one of them does not need, and then
    sees no two alike: each gets windows and state of its own. A stream is where its plans end.
    """
    tables.create_temporary_view(name, _stream(tables, tables.sql_query(query), plan=name), _in_time())


def begin_plan(tables: StreamTableEnvironment, name: str) -> None:
    """Give the operators that SQL plans next names of their own: `name`, and their number within the plan.

    A snapshot finds the state of an operator by its name. Without this the name is a number in the order in which the
    whole job is planned: another rule in an early plan would have the state of all later ones forgotten.
    """
    get_gateway().jvm.floorwalker.PlanNames.fromTheFirst(tables._j_tenv.getPlanner())
    tables.get_config().set("table.exec.uid.format", f"{name}-<id>_<transformation>")


def give_lines(tables: StreamTableEnvironment) -> None:
    """Create `lines`: those of `records`, each with the other columns of its record, taken apart where it is plain.

    As bytes, because the raw format takes broken UTF-8 for a text as it is, and only decoding shows where it is broken.
    """
    records = _stream(tables, tables.from_path("records"), plan="records")
    jvm = get_gateway().jvm
    bounds = jvm.floorwalker.LineBounds(MAX_LINE_CHARACTERS, MAX_OPENING_BRACKETS)
    lines = jvm.floorwalker.Lines.of(records._j_data_stream, plain_lines(jvm), "event_time", bounds)
    tables.create_temporary_view("lines", DataStream(lines))


def plain_lines(jvm: Any) -> Any:
    """Return what takes plain lines apart into the fields of the field table."""
    plain = jvm.floorwalker.PlainLine(MOST_MEMBERS)
    for field in EVENT_FIELDS:
        plain.field(field.name, field.pattern, field.max_length or 0)
    return plain


def give_time(tables: StreamTableEnvironment, settings: DetectorSettings) -> None:
    """Create `events_in_time`: `judged` with event time, which passes for all shards together, and what is late."""
    tables.create_temporary_view("judged_once", _stream(tables, tables.from_path("judged"), plan="judged"))
    timed = tables.sql_query(timed_sql("judged_once"))
    names = timed.get_schema().get_field_names()
    schema = Schema.new_builder()
    for name, type_ in zip(names, timed.get_schema().get_field_data_types(), strict=True):
        schema.column(name, type_)
    schema.column("late", "BOOLEAN NOT NULL").column_by_expression("read_at", "PROCTIME()")
    schema.watermark("rowtime", "SOURCE_WATERMARK()")
    in_time = get_gateway().jvm.floorwalker.EventTime.of(
        _stream(tables, timed, plan="timed")._j_data_stream,
        names.index("shard"),
        names.index("rowtime"),
        *(1000 * each for each in (settings.allowed_lateness_seconds, PANE_SECONDS, settings.idle_timeout_seconds)),
    )
    tables.create_temporary_view("events_in_time", DataStream(in_time), schema.build())


def give_panes(tables: StreamTableEnvironment, panes: Panes, kinds: dict[str, int]) -> None:
    """Create the views of panes of one kind of subject, made of `on_time`, whose column `kinds` has these bits."""
    java = get_gateway().jvm.floorwalker
    layout = java.LayoutBuilder(1000 * PANE_SECONDS, 1000 * LONG_PANE_SECONDS, MAX_SUBJECTS, MOST_OF_ONE)
    for column in panes.counts:
        layout.count(column.name, column.of, kinds[column.condition])
    for column in panes.values:
        layout.values(column.name, column.of, kinds[column.condition])
    if panes.has_pauses:
        layout.pauses(1000 * LONGEST_GAP_SECONDS, 1000 * ROLLING_SECONDS)
    for is_long, all_measured in ((False, panes.of_short), (True, panes.of_long)):
        for each in all_measured:
            window, habit = 1000 * each.window_seconds, 1000 * each.habit_seconds
            layout.measure(each.name, is_long, each.how, each.column.name, window, habit)
    subject = SUBJECT_FIELDS[panes.subject_type]
    events = _stream(tables, tables.from_path("on_time"), plan=f"on_time by {subject}")._j_data_stream
    made = java.Panes(events, subject, layout, MOST_IN_MEMORY)
    for seconds, stream in ((PANE_SECONDS, made.ofShort()), (LONG_PANE_SECONDS, made.ofLong())):
        tables.create_temporary_view(panes_view(panes.subject_type, seconds), DataStream(stream), _in_time())


def _in_time() -> Schema:
    return Schema.new_builder().watermark("rowtime", "SOURCE_WATERMARK()").build()


def _stream(tables: StreamTableEnvironment, table: Table, *, plan: str) -> DataStream:
    """Return the table's rows as they are between Flink's own operators, planned under that name.

    PyFlink's `to_data_stream` makes objects of Java's out of each row, and the next table makes them rows again.
    """
    types = get_gateway().jvm.org.apache.flink.table.types.utils.DataTypeUtils
    begin_plan(tables, plan)
    inside = types.toInternalDataType(table._j_table.getResolvedSchema().toSourceRowDataType())
    return DataStream(tables._j_tenv.toDataStream(table._j_table, inside))
