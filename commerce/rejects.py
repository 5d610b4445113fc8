"""Why a line is no event: one list, for the parser here and for the SQL of every engine.

The checks are tried in this order and the first that fails gives the reason. `reject_reason_sql` renders the same
list for an engine, so that the detector and the lake refuse the same records for the same reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from commerce.fields import EVENT_FIELDS, Field

MAX_LINE_CHARACTERS = 65_536
# Counted wherever they stand, in texts too: an honest event has one, and parsers give up at different depths.
MAX_OPENING_BRACKETS = 100
REPLACEMENT_CHARACTER = "\N{REPLACEMENT CHARACTER}"
TOLERATED_CLOCK_LEAD = timedelta(days=1)


@dataclass(frozen=True)
class Reject:
    """A line that is no event, and why: one of `REJECT_REASONS`."""

    reason: str


def missing(field: Field) -> str:
    """Return the reason for a required field that is absent, null or empty."""
    return f"missing_{field.name}"


def invalid(field: Field) -> str:
    """Return the reason for a value that breaks the field's pattern or length."""
    return f"invalid_{field.name}"


def _field_reasons() -> tuple[str, ...]:
    reasons: list[str] = []
    for field in EVENT_FIELDS:
        if field.required:
            reasons.append(missing(field))
        reasons.append(invalid(field))
    return tuple(reasons)


REJECT_REASONS: tuple[str, ...] = (
    "not_utf8",
    "too_long",
    "too_deep",
    "not_a_json_object",
    *_field_reasons(),
    "event_time_in_future",
)


class Dialect(Protocol):
    """What an engine calls the few operations that the checks need. Arguments and results are SQL expressions.

    Field texts are columns named after the field, NULL where absent, null, empty or not a scalar.
    """

    line: str
    is_json_object: str
    event_time: str
    arrived_at: str

    def contains(self, expression: str, character: str) -> str:
        """Return: the text has the character somewhere."""

    def length(self, expression: str) -> str:
        """Return the number of characters, NULL for NULL."""

    def opening_brackets(self, expression: str) -> str:
        """Return how many [ and { the text has."""

    def matches(self, expression: str, pattern: str) -> str:
        """Return: the whole text matches the pattern."""

    def later_than(self, expression: str, other: str, lead: timedelta) -> str:
        """Return: the instant lies more than `lead` after the other."""


def reject_reason_sql(dialect: Dialect) -> str:
    """Return the CASE expression that gives the reason for rejecting a line, or NULL for an event."""
    return _case(
        [
            (dialect.contains(dialect.line, REPLACEMENT_CHARACTER), "not_utf8"),
            (f"{dialect.length(dialect.line)} > {MAX_LINE_CHARACTERS}", "too_long"),
            (f"{dialect.opening_brackets(dialect.line)} > {MAX_OPENING_BRACKETS}", "too_deep"),
            (f"NOT ({dialect.is_json_object})", "not_a_json_object"),
            *(branch for field in EVENT_FIELDS for branch in _field_branches(dialect, field)),
            *_in_future(dialect),
        ]
    )


def plain_reject_reason_sql(dialect: Dialect) -> str:
    """Return the same for a plain line, whose texts are sound: only what is missing, or the clock, can be wrong."""
    absent = [(f"{field.name} IS NULL", missing(field)) for field in EVENT_FIELDS if field.required]
    return _case([*absent, *_in_future(dialect)])


def _in_future(dialect: Dialect) -> list[tuple[str, str]]:
    late = dialect.later_than(dialect.event_time, dialect.arrived_at, TOLERATED_CLOCK_LEAD)
    return [(late, "event_time_in_future")]


def _case(branches: Iterable[tuple[str, str]]) -> str:
    lines = [f"  WHEN {condition} THEN '{reason}'" for condition, reason in branches]
    return "\n".join(["CASE", *lines, "END"])


def _field_branches(dialect: Dialect, field: Field) -> list[tuple[str, str]]:
    branches: list[tuple[str, str]] = []
    if field.required:
        branches.append((f"{field.name} IS NULL", missing(field)))
    wrong: list[str] = []
    if field.max_length is not None:
        wrong.append(f"{dialect.length(field.name)} > {field.max_length}")
    if field.pattern is not None:
        wrong.append(f"NOT ({dialect.matches(field.name, field.pattern)})")
    condition = " OR ".join(wrong)
    branches.append((condition if field.required else f"{field.name} IS NOT NULL AND ({condition})", invalid(field)))
    return branches
