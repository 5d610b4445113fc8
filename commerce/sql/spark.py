r"""Spark's words for the checks of `commerce.rejects`, and how it reads a line so that they can be made.

Spark stops reading where an object ends and never sees what follows. So the line is read as the first of two members
of a list, the second holding a seal the sender cannot know: nothing but one value can stand before it. Half a
surrogate pair becomes a question mark, so it is looked for in the line. A list or object given for a text comes as
its JSON; a second reading of the few texts that begin like one tells the two apart.

The session needs `SESSION_SETTINGS`; with partial results a broken escape would cost one field, not the line.
"""

from collections.abc import Sequence
from datetime import timedelta

from commerce.fields import EVENT_FIELDS
from commerce.rejects import reject_reason_sql
from commerce.sql.surrogates import HALF, PAIR

SESSION_SETTINGS = {
    "spark.sql.json.enablePartialResults": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    # What follows from a condition under every other name that a column has: of many columns, more than memory holds.
    "spark.sql.constraintPropagation.enabled": "false",
}
_OPTIONS = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
_BLANK = r"\A[ \t\r]*\z"


class SparkDialect:
    """The columns and functions that `judged_sql` uses."""

    line = "line"
    is_json_object = "is_json_object"
    event_time = "event_time_parsed"
    arrived_at = "arrived_at"

    def contains(self, expression: str, character: str) -> str:
        """Return: the text has the character somewhere."""
        return f"contains({expression}, '{character}')"

    def length(self, expression: str) -> str:
        """Return the number of characters, NULL for NULL."""
        return f"length({expression})"

    def opening_brackets(self, expression: str) -> str:
        """Return how many [ and { the text has."""
        return f"length({expression}) - length(replace(replace({expression}, '[', ''), '{{', ''))"

    def matches(self, expression: str, pattern: str) -> str:
        r"""Return: the whole text matches the pattern; $ would take a line feed at the end for nothing."""
        return rf"{expression} RLIKE r'\A({pattern})\z'"

    def later_than(self, expression: str, other: str, lead: timedelta) -> str:
        """Return: the instant lies more than `lead` after the other."""
        return f"{expression} > {other} + INTERVAL {int(lead.total_seconds())} SECOND"


def judged_sql(*, lines: str, carried: Sequence[str], seal: str) -> str:
    """Return the query that takes lines apart: the columns `carried`, the fields as text, an instant, `reason`.

    `lines` is a relation with the columns `line` (text, broken bytes replaced) and `arrived_at`. Blank lines are
    left out. The instant is `event_time_parsed`. `seal` is a text of letters and digits that no sender can guess,
    new for each run.
    """
    names = ", ".join((*carried, *(field.name for field in EVENT_FIELDS)))
    kept = ", ".join(dict.fromkeys((*carried, "arrived_at")))
    members = ", ".join(f"{field.name}: STRING" for field in EVENT_FIELDS)
    texts = ",\n    ".join(f"{_field_text(field.name)} AS {field.name}" for field in EVENT_FIELDS)
    return f"""
WITH sealed AS (
  SELECT *, from_json(concat('[', line, ',{{"seal":"{seal}"}}]'), 'ARRAY<STRUCT<{members}, seal: STRING>>', {_OPTIONS})
    AS members
  FROM {lines} WHERE NOT line RLIKE r'{_BLANK}'
), checked AS (
  SELECT line, {kept}, members[0] AS document,
    coalesce(size(members) = 2 AND members[0] IS NOT NULL AND members[1].seal = '{seal}', false)
    AND NOT ({_half_surrogate()}) AS is_json_object
  FROM sealed
), fields_read AS (
  SELECT line, is_json_object, {kept},
    {texts}
  FROM checked
), timed AS (
  SELECT *, to_timestamp(event_time) AS event_time_parsed FROM fields_read
)
SELECT {names}, event_time_parsed, {reject_reason_sql(SparkDialect())} AS reason FROM timed"""


def _half_surrogate() -> str:
    whole = rf"regexp_replace(regexp_replace(line, r'\\\\', ''), r'{PAIR}', '')"
    return f"line RLIKE r'{HALF}' AND {whole} RLIKE r'{HALF}'"


def _field_text(name: str) -> str:
    text = f"document.{name}"
    return (
        f"CASE WHEN {text} LIKE '{{%' AND {_reads_as(name, 'STRUCT<nothing: STRING>')} THEN NULL "
        f"WHEN {text} LIKE '[%' AND {_reads_as(name, 'ARRAY<STRING>')} THEN NULL "
        f"WHEN {text} IN ('\"Infinity\"', '\"-Infinity\"') THEN replace({text}, '\"', '') "
        f"ELSE nullif({text}, '') END"
    )


def _reads_as(name: str, kind: str) -> str:
    return f"from_json(line, 'STRUCT<{name}: {kind}>', {_OPTIONS}).{name} IS NOT NULL"
