"""What a layout of recorded files is, and what the reading of any row takes."""

import csv
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from commerce.fields import EVENT_FIELDS
from simulator.record import Record

LayoutName = Literal["kaggle", "taobao", "uci-retail"]
_FITS = {
    field.name: (re.compile(field.pattern, re.ASCII).fullmatch, field.max_length or 64)
    for field in EVENT_FIELDS
    if field.pattern is not None
}


class BadRow(ValueError):
    """A row that is no event; the message says why."""


class ReadRow(Protocol):
    """Turns the rows of one file, in order, into records."""

    def __call__(self, row: bytes, *, line: int, end: int, ended: bool = True) -> Record:
        """Return the record for a row without its line break; raises BadRow.

        `line` and `end` say where the file goes on after it. `ended` is False where the file stops without a line
        break: such a row counts only if all that is taken from it is whole beyond doubt.
        """


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way of writing down what shoppers did, a row an act.

    `header` is the first line, None where the rows begin at once. `begin` starts on a file. `looks_back` is true where
    a row's event id depends on the rows before it, so that going on midway takes reading those again.
    """

    name: LayoutName
    header: str | None
    is_first_line: Callable[[str], bool]
    begin: Callable[[], ReadRow]
    looks_back: bool = False


def split(row: bytes, columns: int) -> list[str]:
    """Return the columns of a row of CSV, exactly so many; raises BadRow."""
    try:
        text = row.decode()
    except UnicodeDecodeError as error:
        raise BadRow(f"byte {error.start + 1} is not UTF-8") from error
    values = text.split(",") if '"' not in text else _unquote(text)
    if len(values) != columns:
        raise BadRow(f"{len(values)} columns where the layout has {columns}")
    return values


def event_id(values: Sequence[str]) -> str:
    """Return the name of an event: the same values give the same id, whenever they are sent.

    The leading letter keeps it an identifier also where the hash happens to be all digits.
    """
    return "e" + hashlib.blake2b("\x1f".join(values).encode(), digest_size=12).hexdigest()


def fitting(name: str, text: str, *, column: str) -> str:
    """Return the text of a column if this field of an event, one with a pattern, may hold it; raises BadRow."""
    if text == "":
        raise BadRow(f"{column} is empty")
    fits, max_length = _FITS[name]
    if len(text) > max_length or not fits(text):
        raise BadRow(f"{column} is {shown(text)}, which no {name} may be")
    return text


def shown(text: str) -> str:
    """Return the text in quotes, shortened, for a message."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _unquote(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise BadRow(f"not CSV: {error}") from error
