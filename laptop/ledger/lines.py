"""Lines as one side has them: how often each, and where it stands first, so that two sides can be compared exactly.

Equal counts prove little: one record lost and another doubled balance. Lines are compared by a hash of their bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from glue_jobs.ledger import Difference
from glue_jobs.raw import records

# What travels on the streams; each has an id that is called after it.
KINDS = ("event", "incident", "tally", "risk")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """How often each line is there, by its hash, and the place of the first of them."""

    counts: Counter[bytes] = field(default_factory=Counter)
    places: dict[bytes, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many lines there are."""
        return self.counts.total()

    def add(self, line: bytes, *, place: str) -> None:
        """Take one line."""
        digest = hashlib.blake2b(line, digest_size=16).digest()
        self.counts[digest] += 1
        if digest not in self.places:
            self.places[digest] = f"{_name(line)}{place}"

    def add_content(self, content: bytes, *, place: str) -> None:
        """Take every line of an object or of a record; blank ones are none."""
        for number, line in records(content):
            self.add(line, place=f"{place}, line {number}")

    def without(self, others: "Lines", *, between: str) -> Iterator[Difference]:
        """Yield the lines that the others have not, or not as often, as one difference."""
        missing = self.counts - others.counts
        if missing:
            first = next(digest for digest in self.places if missing[digest])
            yield Difference(between=between, records=missing.total(), first=self.places[first])


def _name(line: bytes) -> str:
    """Return what the line calls itself, where it does and a terminal can show it, to be put before its place."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    named = document if isinstance(document, dict) else {}
    names = {kind: named.get(f"{kind}_id") for kind in KINDS}
    return next(
        (f"{kind} {name}, " for kind, name in names.items() if isinstance(name, str) and name.isprintable()), ""
    )
