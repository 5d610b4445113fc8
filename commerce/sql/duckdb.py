r"""DuckDB's words for the checks of `commerce.rejects`, and how it reads a line so that they can be made.

DuckDB's JSON reader is laxer than JSON: it takes NaN, Infinity and a comma before a closing bracket, and it answers
with the first of two equal keys. Both are put right here.

Putting it right costs four readings of a line and a dozen lists. A line as `commerce.event.to_line` writes it, and
that is most of them, needs none of that: whose fields, written out again, give the very same line has these fields,
each once, and nothing else.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from commerce.fields import EVENT_FIELDS
from commerce.rejects import reject_reason_sql

BLANK = r"[ \t\r]*"
_NOT_JSON = r"(?i)nan|inf|,[ \t\r]*[\]}]"
_TEXT = r'"(?:[^"\\]|\\.)*"'
_FIRST, *_OTHERS = EVENT_FIELDS
_TEXTS = json.dumps({field.name: "VARCHAR" for field in EVENT_FIELDS})


class DuckDbDialect:
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
        return f"strlen({expression}) - strlen(replace(replace({expression}, '[', ''), '{{', ''))"

    def matches(self, expression: str, pattern: str) -> str:
        """Return: the whole text matches the pattern."""
        return f"regexp_full_match({expression}, '{pattern}')"

    def later_than(self, expression: str, other: str, lead: timedelta) -> str:
        """Return: the instant lies more than `lead` after the other."""
        return f"{expression} > {other} + INTERVAL {int(lead.total_seconds())} SECOND"


def judged_sql(*, lines: str, carried: Sequence[str]) -> str:
    """Return the query that takes lines apart: the columns `carried`, the fields as text, an instant, `reason`.

    `lines` is a relation with the columns `line` (text, broken bytes replaced) and `arrived_at`. Blank lines are
    left out. The instant is `event_time_parsed`.
    """
    names = ", ".join((*carried, *(field.name for field in EVENT_FIELDS)))
    positions = ", ".join(f"list_position(keys, '{field.name}') AS {field.name}_at" for field in EVENT_FIELDS)
    texts = ",\n    ".join(f"{_field_text(field.name)} AS {field.name}" for field in EVENT_FIELDS)
    return f"""
WITH at_once AS (
  SELECT *, CASE WHEN {_begins_plain()} AND json_valid(line) THEN from_json(line, '{_TEXTS}') END AS plain
  FROM {lines} WHERE NOT regexp_full_match(line, '{BLANK}')
), told_apart AS (
  SELECT *, coalesce(line = {_written_again()}, false) AS is_plain FROM at_once
), checked AS (
  SELECT *, CASE WHEN is_plain THEN true ELSE {_is_json_object()} END AS is_json_object FROM told_apart
), opened AS (
  SELECT *,
    list_reverse(json_keys(document)) AS keys,
    list_reverse(json_extract_string(document, '$.*')) AS texts,
    list_reverse(json_type(document, '$.*')) AS types
  FROM (SELECT *, CASE WHEN is_json_object AND NOT is_plain THEN line END AS document FROM checked)
), found AS (
  SELECT *, {positions} FROM opened
), fields_read AS (
  SELECT line, is_json_object, {_kept(carried)},
    {texts}
  FROM found
), timed AS (
  SELECT *, TRY_CAST(event_time AS TIMESTAMPTZ) AS event_time_parsed FROM fields_read
)
SELECT {names}, event_time_parsed, {reject_reason_sql(DuckDbDialect())} AS reason FROM timed"""


def _kept(carried: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys((*carried, "arrived_at")))


def _begins_plain() -> str:
    """Return: the line may be one that is plain; looking closer at the others would be in vain."""
    return f'starts_with(line, \'{{"{_FIRST.name}":"\')'


def _written_again() -> str:
    """Return the line that `commerce.event.to_line` would write; a text that needs an escape comes out differently."""
    others = ", ".join(f'\'","{field.name}":"\' || plain.{field.name}' for field in _OTHERS)
    return f"concat('{{\"{_FIRST.name}\":\"', plain.{_FIRST.name}, {others}, '\"}}')"


def _is_json_object() -> str:
    """Return: DuckDB reads an object, and outside its texts nothing stands that JSON does not know."""
    bare = f"regexp_replace(line, '{_TEXT}', '\"\"', 'g')"
    # CASE, not AND: taking the texts out of every line would cost more than all the rest.
    strict = (
        f"CASE WHEN regexp_matches(line, '{_NOT_JSON}') THEN NOT regexp_matches({bare}, '{_NOT_JSON}') ELSE true END"
    )
    return f"CASE WHEN NOT json_valid(line) THEN false WHEN json_type(line) = 'OBJECT' THEN {strict} ELSE false END"


def _field_text(name: str) -> str:
    """Return the scalar of a field as text, written as the reference parser writes it."""
    at = f"{name}_at"
    fraction = f"types[{at}] = 'DOUBLE' AND regexp_matches(texts[{at}], '[.eE]')"
    huge = f"{fraction} AND abs(TRY_CAST(texts[{at}] AS DOUBLE)) >= 1e7"
    endless = f"isinf(CAST(texts[{at}] AS DOUBLE))"
    sign = f"CASE WHEN texts[{at}] LIKE '-%' THEN '-' ELSE '' END"
    exponent = f"CASE WHEN {endless} THEN {sign} || 'Infinity' ELSE texts[{at}] || 'E+0' END"
    return (
        f"CASE WHEN is_plain THEN nullif(plain.{name}, '') WHEN types[{at}] IN ('OBJECT', 'ARRAY') THEN NULL "
        f"WHEN {huge} THEN {exponent} ELSE nullif(texts[{at}], '') END"
    )
