"""Where a file has the columns of its layout, as its header says.

Programs that write CSV again put columns in another order, add some, and write names and separators their own way.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

SEPARATORS = ",;\t"


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How many columns a file has, what stands between them, and where those of the layout are, in the layout's order.

    `places` is None where the file has just those, in that order: there is nothing to pick.
    """

    count: int
    separator: str = ","
    places: tuple[int, ...] | None = None

    @classmethod
    def in_header(cls, header: str, names: Sequence[tuple[str, ...]]) -> Self | None:
        """Return where the header has the columns, each under one of its names; None where not each is there, once."""
        wanted = [set(map(_plain, each)) for each in names]
        for separator in SEPARATORS:
            found = [_plain(name) for name in _names(header, separator)]
            places = [[place for place, name in enumerate(found) if name in each] for each in wanted]
            if all(len(each) == 1 for each in places):
                in_order = tuple(place for (place,) in places)
                as_they_are = in_order == tuple(range(len(found)))
                return cls(count=len(found), separator=separator, places=None if as_they_are else in_order)
        return None

    @property
    def last(self) -> int | None:
        """Which of the layout's columns ends a row, None where the last one is none of them."""
        end = self.count - 1
        if self.places is None:
            return end
        return self.places.index(end) if end in self.places else None


def _names(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return []


def _plain(name: str) -> str:
    return name.replace(" ", "").replace("_", "").casefold()
