"""A day as people write it, and a stretch of days however long."""

import re
from dataclasses import dataclass
from datetime import date

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class DayError(ValueError):
    """Something that is no day; the message says how to write one."""


@dataclass(frozen=True, kw_only=True)
class Days:
    """From the first day to the last, itself included. To ask whether a day is among them costs the same for all."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        """Return whether the day is one of them."""
        return isinstance(day, date) and self.first <= day <= self.last


def read_day(text: str) -> date:
    """Read a day as 2019-10-01, in no other way that Python knows. Raises DayError."""
    try:
        if _WRITTEN.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:  # the 31st of February
        pass
    raise DayError(f"{text!r} is no day: write it as 2019-10-01")
