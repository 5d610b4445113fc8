"""What a layout of recorded files is, and what the reading of any row takes."""

import csv
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from commerce.fields import EVENT_FIELDS
from simulator.columns import Columns
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

    `header` and `columns` are those of the file as published; `header` is None where the rows begin at once.
    `columns_in` returns the columns of a file in which this line is the header, or a row where there is no header; None
    where the line shows that it is in another layout. `begin` starts on a file with these columns. `looks_back` is true
    where a row's event id depends on the rows before it, so that going on midway takes reading those again.
    """

    name: LayoutName
    header: str | None
    columns: Columns
    columns_in: Callable[[str], Columns | None]
    begin: Callable[[Columns], ReadRow]
    looks_back: bool = False


def split(row: bytes, columns: Columns, not_utf8: Literal["strict", "surrogateescape"] = "strict") -> list[str]:
    """Return the layout's columns of a row of CSV that has exactly those of its file; raises BadRow.

    `not_utf8` is how to decode what is no UTF-8: strictly, or not at all where no such column is carried.
    """
    try:
        text = row.decode("utf-8", not_utf8)
    except UnicodeDecodeError as error:
        raise BadRow(f"byte {error.start + 1} is not UTF-8") from error
    values = text.split(columns.separator) if '"' not in text else _unquote(text, columns.separator)
    if len(values) != columns.count:
        raise BadRow(f"{len(values)} columns where the file has {columns.count}")
    return values if columns.places is None else [values[place] for place in columns.places]


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


def _unquote(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        raise BadRow(f"not CSV: {error}") from error
