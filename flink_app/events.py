"""From judged lines to events in time: what each line became, and the account of it."""

from collections.abc import Mapping, Sequence

from commerce.known_networks import address_pattern
from commerce.sql.flink import FlinkDialect, instant_text, seconds

# What the rules read. The lake has the rest.
CARRIED = ("event_id", "event_type", "product_id", "price", "user_id", "user_session", "ip_address", "user_agent")

# What the shopper did: an event, or the order that it is a line of. A till books dozens of products in one moment, and
# whoever orders what they had before fills a cart in one: the event's own, which stays the same when it is sent again,
# or when the till's clock is ahead.
ACT = """CASE WHEN event_type IN ('cart', 'purchase')
  THEN CONCAT_WS('|', event_type, user_id, user_session, CAST(event_time_parsed AS STRING))
  ELSE event_id
END"""

# An event ahead of its own arrival cannot be: it is judged at its arrival, so that no clock moves the watermark
# into the future. A reject gets a time that moves no watermark; Flink wants one for every row.
ROWTIME = """CASE
  WHEN reason IS NOT NULL THEN TIMESTAMP '1970-01-01 00:00:00'
  WHEN event_time_parsed > arrived_at THEN arrived_at
  ELSE event_time_parsed
END"""


def timed_sql(judged: str) -> str:
    """Return the query that gives each judged line the time that it has for the detector."""
    return f"SELECT *, CAST({ROWTIME} AS TIMESTAMP(3)) AS rowtime FROM {judged}"


def outcomes_sql(known_networks: Sequence[str]) -> str:
    """Return the view `outcomes`: every line with what became of it. A late one came after its pane was over.

    Raises ValueError for a text that is no IPv4 network.
    """
    known = address_pattern(known_networks)
    return f"""
        SELECT *, CASE
          WHEN reason IS NOT NULL THEN 'rejected'
          WHEN late THEN 'late'
          {f"WHEN {FlinkDialect().matches('ip_address', known)} THEN 'known'" if known else ""}
          ELSE 'on_time'
        END AS outcome
        FROM events_in_time
    """


def on_time_sql(kinds: Mapping[str, int]) -> str:
    """Return the view `on_time`: the events that the rules judge. Of a program's long name, its likeness is enough.

    `kinds` has a bit for each condition; the column of that name has those whose condition holds for the event.
    """
    kept = ", ".join(name for name in CARRIED if name not in ("price", "user_agent"))
    of_kind = (f"CASE WHEN {condition} THEN {bit} ELSE 0 END" for condition, bit in kinds.items())
    return f"""
        SELECT *, {" + ".join(of_kind) or "0"} AS kinds
        FROM (
          SELECT {kept}, CAST(price AS DECIMAL(12, 2)) AS price, SUBSTRING(MD5(user_agent), 1, 16) AS agent,
            {ACT} AS act, rowtime
          FROM outcomes WHERE outcome = 'on_time'
        )
    """


def tallies_sql(tally_seconds: int) -> str:
    """Return the rows of `tallies`: how many lines met which outcome in each period of the detector's clock."""
    period = instant_text("window_start")
    return f"""
        SELECT 'tally', SHA256(CONCAT_WS('|', {period}, outcome, reason)), {period}, outcome, reason, records
        FROM (
          SELECT window_start, outcome, COALESCE(reason, '') AS reason, COUNT(*) AS records
          FROM TABLE(TUMBLE(TABLE outcomes, DESCRIPTOR(read_at), {seconds(tally_seconds)}))
          GROUP BY window_start, window_end, outcome, COALESCE(reason, '')
        )
    """
