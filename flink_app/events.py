"""From records to judged events: lines, their fields, and the reason where a line is no event."""

from commerce.fields import EVENT_FIELDS
from commerce.rejects import reject_reason_sql
from commerce.sql.flink import FlinkDialect, seconds

LINE_BREAK = "U&'\\000A'"

# What the rules read. The lake has the rest.
CARRIED = ("event_id", "event_type", "product_id", "user_id")


def lines_sql() -> str:
    """Return the view `lines`: one row a line, since a record may hold several and the archive keeps lines."""
    return f"""
        SELECT record AS line, arrived_at FROM records WHERE POSITION({LINE_BREAK} IN record) = 0 AND record <> ''
        UNION ALL
        SELECT line, arrived_at FROM records CROSS JOIN UNNEST(SPLIT(record, {LINE_BREAK})) AS pieces(line)
        WHERE POSITION({LINE_BREAK} IN record) > 0 AND line <> ''
    """


def judged_sql() -> str:
    """Return the view `judged`: the fields that the rules read, and `reason`, NULL for an event.

    The fields pass through UNNEST because the planner would otherwise copy each JSON_VALUE into every place that
    mentions the field, and parse the line some forty times.
    """
    names = ", ".join(field.name for field in EVENT_FIELDS)
    values = ", ".join(f"NULLIF(JSON_VALUE(line, '$.{field.name}'), '')" for field in EVENT_FIELDS)
    return f"""
        SELECT {", ".join(CARRIED)}, event_time_parsed AS event_time, arrived_at,
          {reject_reason_sql(FlinkDialect())} AS reason
        FROM (
          SELECT line, arrived_at, is_json_object, {names},
            TRY_CAST(REPLACE(REPLACE(event_time, 'T', ' '), 'Z', '') AS TIMESTAMP(3)) AS event_time_parsed
          FROM lines CROSS JOIN UNNEST(ARRAY[ROW(line IS JSON OBJECT, {values})]) AS fields(is_json_object, {names})
        )
    """


# An event ahead of its own arrival cannot be: it is judged at its arrival, so that no clock moves the watermark
# into the future. A reject has no time at all.
ROWTIME = "CASE WHEN reason IS NULL THEN CASE WHEN event_time > arrived_at THEN arrived_at ELSE event_time END END"


def outcome_sql() -> str:
    """Return the view `outcomes`: every line with what became of it. A late one came after its time was judged."""
    return """
        SELECT *, CASE
          WHEN reason IS NOT NULL THEN 'rejected'
          WHEN CURRENT_WATERMARK(rowtime) IS NOT NULL AND rowtime <= CURRENT_WATERMARK(rowtime) THEN 'late'
          ELSE 'on_time'
        END AS outcome
        FROM events_in_time
    """


def on_time_sql() -> str:
    """Return the view `on_time`: the events that the rules judge."""
    return f"SELECT {', '.join(CARRIED)}, rowtime FROM outcomes WHERE outcome = 'on_time'"


def tallies_sql(tally_seconds: int) -> str:
    """Return the rows of `tallies`: how many lines met which outcome in each period of the detector's clock."""
    period = "DATE_FORMAT(window_start, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')"
    return f"""
        SELECT 'tally', SHA256(CONCAT_WS('|', {period}, outcome, reason)), window_start, outcome, reason, records
        FROM (
          SELECT window_start, outcome, COALESCE(reason, '') AS reason, COUNT(*) AS records
          FROM TABLE(TUMBLE(TABLE outcomes, DESCRIPTOR(read_at), {seconds(tally_seconds)}))
          GROUP BY window_start, window_end, outcome, COALESCE(reason, '')
        )
    """
