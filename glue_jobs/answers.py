"""An answer on paper: a table for people, CSV and JSON for tools. Money stays exact, instants are ISO 8601.

CSV has no lists: what one holds are ids, which have no blanks, and stands with blanks between.
"""

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from commerce.event import format_instant
from glue_jobs.engine import Answer

# Wider than any table, to measure what one takes.
WIDEST = 10_000
# Narrower than this, a sentence is a column of words.
SENTENCE_WIDTH = 30
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Format(StrEnum):
    """How to print an answer."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(answer: Answer, *, title: str) -> None:
    """Print the answer as a table. Sentences are folded to the terminal's width; figures and ids are always whole."""
    rows = [[_printable(_text(value, between="\n")) for value in row] for row in answer.rows]
    table = Table(title=title)
    for place, name in enumerate(answer.columns):
        sentences = [row[place] for row in rows if " " in row[place]]
        longest = max(map(len, sentences), default=0)
        table.add_column(name, overflow="fold", no_wrap=not sentences, min_width=min(longest, SENTENCE_WIDTH) or None)
    for row in rows:
        table.add_row(*row)
    # Brands and reasons are what people wrote: what looks like markup in them is none.
    console = Console(markup=False, emoji=False)
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).minimum
    console.width = max(console.width, needed)
    console.print(table)


def to_text(answer: Answer, output: Format) -> str:
    """Return the answer as CSV with a header line, or as a JSON list of objects."""
    if output is Format.JSON:
        rows = [[_plain(value) for value in row] for row in answer.rows]
        return json.dumps([dict(zip(answer.columns, row, strict=True)) for row in rows], ensure_ascii=False) + "\n"
    texts = [[_text(value, between=" ") for value in row] for row in answer.rows]
    text = io.StringIO()
    # A carriage return ends a line for whoever reads CSV, but is not put into quotes by itself.
    returns = any("\r" in value for row in texts for value in row)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerows([answer.columns, *texts])
    return text.getvalue()


def _printable(text: str) -> str:
    """Return the text with control characters spelt out: a terminal would obey those of a shopper's user agent."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _text(value: Any, *, between: str) -> str:
    """Return what stands in a cell, `between` the members of a list; NULL is empty."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return between.join(_text(member, between=between) for member in value)
        case _:
            return str(_plain(value))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return format_instant(value)
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return value.decode("utf-8", errors="backslashreplace")
        case _:
            return value
