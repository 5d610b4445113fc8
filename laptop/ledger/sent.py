"""What the producer says it sent: the simulator's account, a count, or the records themselves, line by line.

And what it meant them to be: the truth about made-up traffic.
"""

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.ledger.lines import Lines
from laptop.processes import LaptopError

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many records were sent; `lines` where every one of them is known."""

    records: int
    lines: Lines | None


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What must become of made-up records: so many events, so many duplicates of them, and rejects by their reason."""

    events: int
    duplicates: int
    rejects_by_reason: Mapping[str, int]


def read_truth(files: Iterable[Path]) -> Truth | None:
    """Read what `python -m simulator generate --truth` wrote, runs of different seeds; None for no file.

    Raises LaptopError.
    """
    documents = [_truth(file) for file in files]
    if not documents:
        return None
    reasons = sum((Counter(document["poison"]) for document in documents), Counter[str]())
    return Truth(
        events=sum(document["events"] for document in documents),
        duplicates=sum(document["duplicates"] for document in documents),
        rejects_by_reason=reasons,
    )


def _truth(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(_content(file))
    except (ValueError, RecursionError) as error:
        raise LaptopError(f"{file} is no JSON: {error}") from error
    if not isinstance(document, dict) or not _is_truth(document):
        raise LaptopError(f"{file} is no truth that the simulator wrote: name its --truth file")
    return document


def _is_truth(document: Mapping[str, Any]) -> bool:
    poison = document.get("poison")
    counts = [document.get("events"), document.get("duplicates")]
    return isinstance(poison, dict) and all(map(_is_count, (*counts, *poison.values())))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _content(file: Path) -> bytes:
    """Return what a file holds, plain or gzip, by its content and not by its name. Raises LaptopError."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise LaptopError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:
        raise LaptopError(f"{file} is no whole gzip file ({error}): what was sent cannot be read") from error


def read_sent(files: Iterable[Path]) -> Sent | None:
    """Read what the files say together; None for no file. Raises LaptopError.

    An account (`python -m simulator ... --account`) has the count alone, a file of JSON lines (`--to file:`), plain or
    gzip, all.
    """
    total, lines, accounts = 0, Lines(), 0
    given = list(files)
    for file in given:
        content = _content(file)
        count = _account(file, content)
        if count is None:
            lines.add_content(content, place=str(file))
        else:
            total, accounts = total + count, accounts + 1
    if not given:
        return None
    return Sent(records=total + lines.total, lines=None if accounts else lines)


def _account(file: Path, content: bytes) -> int | None:
    """Return how many records an account says were sent; None for a file that is no account. Raises LaptopError."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not {"produced", "sent"} <= document.keys():
        return None
    if not _is_count(document["sent"]):
        raise LaptopError(f"{file} is an account without a number of records sent: name the simulator's --account file")
    return int(document["sent"])
