r"""Flink SQL's words for the checks of `commerce.rejects`, and how it reads a line so that they can be made.

Flink stops reading where an object ends and never sees what follows. So the line is also read as the first of two
members of a list, the second being a seal the sender cannot know: nothing but one value can stand before it. Half a
surrogate pair becomes a question mark, so it is looked for in the line.
"""

from collections.abc import Sequence
from datetime import timedelta

from commerce.fields import EVENT_FIELDS
from commerce.rejects import plain_reject_reason_sql, reject_reason_sql
from commerce.sql.surrogates import HALF, PAIR


class FlinkDialect:
    """The columns and functions that `judged_sql` uses."""

    line = "line"
    is_json_object = "is_json_object"
    event_time = "event_time_parsed"
    arrived_at = "arrived_at"

    def contains(self, expression: str, character: str) -> str:
        """Return: the text has the character somewhere."""
        return f"POSITION('{character}' IN {expression}) > 0"

    def length(self, expression: str) -> str:
        """Return the number of characters, NULL for NULL."""
        return f"CHAR_LENGTH({expression})"

    def opening_brackets(self, expression: str) -> str:
        """Return how many [ and { the text has."""
        return f"CHAR_LENGTH({expression}) - CHAR_LENGTH(REPLACE(REPLACE({expression}, '[', ''), '{{', ''))"

    def matches(self, expression: str, pattern: str) -> str:
        r"""Return: the whole text matches the pattern; $ would take a line feed at the end for nothing."""
        return rf"REGEXP({expression}, '\A({pattern})\z')"

    def later_than(self, expression: str, other: str, lead: timedelta) -> str:
        """Return: the instant lies more than `lead` after the other."""
        return f"{expression} > {other} + {seconds(lead.total_seconds())}"


def judged_sql(*, lines: str, carried: Sequence[str], seal: str) -> str:
    """Return the query that takes lines apart: the columns `carried`, an instant, `reason` (NULL for an event).

    `lines` is a relation with the columns `line` and `arrived_at`, with `is_plain`, and of a plain line
    (`PlainLine.java`) with its instant, `moment`, and its fields, as `plain_event_id`. Any other is parsed for each
    field, unless `may_be_json` says that it would be refused all the same (`LineBounds.java`). The instant is
    `event_time_parsed`. `seal` is a text of letters and digits that no sender can guess.

    What a row is made of passes through UNNEST, because the planner would otherwise copy an expression into every place
    that mentions its name, and parse the line some forty times.
    """
    names = ", ".join(field.name for field in EVENT_FIELDS)
    values = ", ".join(_field_text(field.name) for field in EVENT_FIELDS)
    kept = ", ".join(name for name in carried if name not in {field.name for field in EVENT_FIELDS})
    dialect = FlinkDialect()
    return f"""
        SELECT {", ".join(carried)}, event_time_parsed, CASE WHEN is_plain
          THEN {plain_reject_reason_sql(dialect)} ELSE {reject_reason_sql(dialect)} END AS reason
        FROM (
          SELECT line, {kept}, is_plain, is_json_object, {names}, CASE WHEN is_plain THEN moment
            ELSE TRY_CAST(REPLACE(REPLACE(event_time, 'T', ' '), 'Z', '') AS TIMESTAMP(3)) END AS event_time_parsed
          FROM {lines}
          CROSS JOIN UNNEST(ARRAY[ROW({_is_json_object(seal)}, {values})]) AS fields_read(is_json_object, {names})
        )
    """


def _field_text(name: str) -> str:
    return f"CASE WHEN is_plain THEN plain_{name} WHEN may_be_json THEN NULLIF(JSON_VALUE(line, '$.{name}'), '') END"


def instant_text(expression: str) -> str:
    """Return the expression for an instant as it stands on the wire: 2019-10-01T00:00:00.000Z."""
    return f"DATE_FORMAT({expression}, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')"


def seconds(number: float) -> str:
    """Return an interval literal. Days apart, because Flink takes no more than two digits of a leading field."""
    milliseconds = round(number * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"INTERVAL '{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}' DAY TO SECOND(3)"


def _is_json_object(seal: str) -> str:
    whole = rf"REGEXP_REPLACE(REGEXP_REPLACE(line, '\\\\', ''), '{PAIR}', '')"
    half_surrogate = f"REGEXP(line, '{HALF}') AND REGEXP({whole}, '{HALF}')"
    sealed = f"JSON_VALUE(CONCAT('[', line, ',\"{seal}\"]'), '$[1]')"
    parsed = f"COALESCE({sealed} = '{seal}', FALSE) AND NOT ({half_surrogate})"
    return f"CASE WHEN is_plain THEN TRUE WHEN may_be_json THEN {parsed} ELSE FALSE END"
