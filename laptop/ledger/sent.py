"""What the producer says it sent: the simulator's account, a count, or the records themselves, line by line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from laptop.ledger.lines import Lines
from laptop.processes import LaptopError


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many records were sent; `lines` where every one of them is known."""

    records: int
    lines: Lines | None


def read_sent(files: Iterable[Path]) -> Sent | None:
    """Read what the files say together; None for no file. Raises LaptopError.

    An account (`python -m simulator ... --account`) has the count alone, a file of JSON lines (`--to file:`) all.
    """
    total, lines, accounts = 0, Lines(), 0
    given = list(files)
    for file in given:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise LaptopError(f"{file} cannot be read: {error.strerror}") from error
        count = _account(content)
        if count is None:
            lines.add_content(content, place=str(file))
        else:
            total, accounts = total + count, accounts + 1
    if not given:
        return None
    return Sent(records=total + lines.total, lines=None if accounts else lines)


def _account(content: bytes) -> int | None:
    """Return how many records an account says were sent; None for a file that is no account."""
    try:
        document = json.loads(content)
    except ValueError:
        return None
    if not isinstance(document, dict) or not {"produced", "sent"} <= document.keys():
        return None
    return int(document["sent"])
