"""An answer on paper: a table for people, CSV and JSON for tools. Money stays exact, instants are ISO 8601."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

from commerce.event import format_instant
from glue_jobs.engine import Answer


class Format(StrEnum):
    """How to print an answer."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(answer: Answer, *, title: str) -> None:
    """Print the answer as a table."""
    table = Table(*answer.columns, title=title)
    for row in answer.rows:
        table.add_row(*("" if value is None else str(_plain(value)) for value in row))
    # Brands and reasons are what people wrote: what looks like markup in them is none.
    Console(markup=False, emoji=False).print(table)


def to_text(answer: Answer, output: Format) -> str:
    """Return the answer as CSV with a header line, or as a JSON list of objects."""
    rows = [[_plain(value) for value in row] for row in answer.rows]
    if output is Format.JSON:
        return json.dumps([dict(zip(answer.columns, row, strict=True)) for row in rows], ensure_ascii=False) + "\n"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([answer.columns, *rows])
    return text.getvalue()


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
