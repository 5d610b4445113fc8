"""One rule, that of floods, as one writes it in Python: a KeyedProcessFunction with state, over parsed lines."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import Schema, StatementSet, StreamTableEnvironment

from commerce.rules.request_flood import REQUEST_FLOOD


class Flood(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink has no types
    """Keeps a user's moments within the window, and tells when there are too many."""

    def __init__(self) -> None:
        self._window_ms = REQUEST_FLOOD.window_seconds * 1000
        self._limit = REQUEST_FLOOD.leading.threshold
        self._recent: Any = None

    def open(self, runtime_context: RuntimeContext) -> None:
        """Find the user's state."""
        self._recent = runtime_context.get_state(
            ValueStateDescriptor("recent", Types.LIST(Types.LONG()))  # of whoever the event is of
        )

    def process_element(self, value: tuple[str, int], ctx: Any) -> Iterator[str]:  # noqa: ARG002
        """Yield the user where this event makes too many."""
        user, at_ms = value
        recent = [moment for moment in self._recent.value() or () if moment > at_ms - self._window_ms]
        recent.append(at_ms)
        self._recent.update(recent)
        if len(recent) >= self._limit:
            yield user


def build_operator(tables: StreamTableEnvironment) -> StatementSet:
    """Return the statements that read `records` and find the users that flood."""
    stream = tables.to_data_stream(tables.sql_query("SELECT DECODE(record, 'UTF-8') AS line FROM records"))
    moments = stream.map(_moment, output_type=Types.TUPLE([Types.STRING(), Types.LONG()]))
    found = moments.key_by(lambda value: value[0]).process(Flood(), output_type=Types.STRING())
    tables.create_temporary_view("found", found, Schema.new_builder().column("f0", "STRING").build())
    tables.execute_sql("CREATE TEMPORARY TABLE floods (user_id STRING) WITH ('connector' = 'blackhole')")
    statements = tables.create_statement_set()
    statements.add_insert_sql("INSERT INTO floods SELECT f0 FROM found")
    return statements


def _moment(row: Any) -> tuple[str, int]:
    event = json.loads(row[0])
    at = datetime.strptime(event["event_time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return event["user_id"], round(at.timestamp() * 1000)
