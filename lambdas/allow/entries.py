"""Entries as people write them, on the command line and in a file that says the whole list."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from commerce.allowance import Allowance, AllowanceError, checked

LIST = "allow"
FIELDS = ("subject_type", "subject", "until", "because")


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who writes entries, and when."""

    name: str
    at: datetime

    def entry(self, *, subject_type: str, subject: str, until: object, because: str) -> Allowance:
        """Return the entry. Raises AllowanceError."""
        wanted = Allowance(
            subject_type=subject_type,
            subject=subject,
            because=because,
            added_at=self.at,
            added_by=self.name,
            expires_at=read_until(until),
        )
        return checked(wanted)


def read_until(until: object) -> datetime:
    """Return the moment: a day, however written, counts to its end, UTC; an instant without a zone is UTC.

    Raises AllowanceError.
    """
    try:
        return _moment(until)
    except (ValueError, OverflowError) as error:
        raise AllowanceError(
            f"{str(until)!r} is no day or instant: write 2026-12-01 or 2026-12-01T18:00:00Z"
        ) from error


def read_file(path: Path, *, author: Author) -> dict[str, Allowance]:
    """Return the entries of a file by their keys. Raises AllowanceError, naming the entry at fault by its place."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AllowanceError(f"{path} cannot be read: {error}") from error
    listed = document.get(LIST)
    if set(document) != {LIST} or not isinstance(listed, list):
        raise AllowanceError(f"{path} has to consist of [[{LIST}]] entries with {', '.join(FIELDS)}")
    entries: dict[str, Allowance] = {}
    for number, given in enumerate(listed, start=1):
        try:
            entry = _entry(given, author=author)
            if entry.key in entries:
                raise AllowanceError(f"{entry.subject_type} {entry.subject} is there twice")
        except AllowanceError as error:
            raise AllowanceError(f"{path}, entry {number}: {error}") from error
        entries[entry.key] = entry
    return entries


def _entry(given: Mapping[str, Any], *, author: Author) -> Allowance:
    if not isinstance(given, dict) or set(given) != set(FIELDS):
        raise AllowanceError(f"it has to have {', '.join(FIELDS)} and nothing else")
    if faults := [name for name in FIELDS if name != "until" and not isinstance(given[name], str)]:
        raise AllowanceError(f"{', '.join(faults)} has to be text")
    return author.entry(**given)


def _moment(until: object) -> datetime:
    if isinstance(until, str):
        until = _day(until) or datetime.fromisoformat(until)
    if isinstance(until, datetime):
        return (until if until.tzinfo else until.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    if isinstance(until, date):
        return datetime.combine(until + timedelta(days=1), time(), tzinfo=UTC)
    raise ValueError("neither a day nor an instant")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
