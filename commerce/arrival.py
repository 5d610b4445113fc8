"""A stretch of arrival hours, by which the raw bucket is ordered: what an account or a replay covers."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from commerce.days import read_day

HOUR = timedelta(hours=1)
# Those of the events. At the ends of the calendar there is no hour before or after.
YEARS = range(2000, 2100)


class HoursError(ValueError):
    """Something that is no hour, or hours in the wrong order; the message says how to write them."""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """From `since` on and before `until`, UTC, on the hour; None is no bound."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def bounded(self) -> bool:
        """Whether anything lies outside."""
        return self.since is not None or self.until is not None

    def hold(self, moment: datetime) -> bool:
        """Return whether the moment lies within."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)

    def hold_object(self, arrived_at: datetime) -> bool:
        """Return whether a raw object does, by the end of its arrival hour."""
        return self.hold(arrived_at - HOUR)

    def widened(self) -> "Hours":
        """Return the hours with their neighbours: an object begun in one hour may hold records of the next."""
        return Hours(since=self.since and self.since - HOUR, until=self.until and self.until + HOUR)


def read_hours(first: str, last: str) -> Hours:
    """Read the first and the last hour, a day as 2025-03-03 or an hour as 2025-03-03T08; empty is no bound.

    Raises HoursError.
    """
    since = _hour(first, of_a_day=0) if first else None
    until = _hour(last, of_a_day=23) + HOUR if last else None
    if since is not None and until is not None and until <= since:
        raise HoursError(f"--to is {last}, before --from {first}")
    return Hours(since=since, until=until)


def _hour(text: str, *, of_a_day: int) -> datetime:
    try:
        day, on_an_hour, hour = text.partition("T")
        read = datetime.combine(read_day(day), time.fromisoformat(hour) if on_an_hour else time())
    except ValueError as error:
        raise HoursError(f"{text!r} is no hour: write 2025-03-03 or 2025-03-03T08") from error
    if read.minute or read.tzinfo is not None:
        raise HoursError(f"{text!r} is no hour: write 2025-03-03 or 2025-03-03T08, UTC")
    if read.year not in YEARS:
        raise HoursError(f"{text!r} is of another century: write 2025-03-03 or 2025-03-03T08")
    return read.replace(hour=read.hour if "T" in text else of_a_day, tzinfo=UTC)
