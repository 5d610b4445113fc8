"""Flink SQL's words for the checks of `commerce.rejects`."""

from datetime import timedelta


class FlinkDialect:
    """The columns and functions that the detector's SQL uses."""

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
        """Return: the whole text matches the pattern."""
        return f"REGEXP({expression}, '^({pattern})$')"

    def later_than(self, expression: str, other: str, lead: timedelta) -> str:
        """Return: the instant lies more than `lead` after the other."""
        return f"TIMESTAMPDIFF(SECOND, {other}, {expression}) > {int(lead.total_seconds())}"


def seconds(number: float) -> str:
    """Return an interval literal. Days apart, because Flink takes no more than two digits of a leading field."""
    milliseconds = round(number * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"INTERVAL '{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}' DAY TO SECOND(3)"
