"""A recorded CSV file, plain or gzip, as records: a row at a time, whatever the size of the file."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.layout import BadRow, LayoutName
from simulator.record import Fault, Record
from simulator.recorded_file import LONGEST_ROW_BYTES, RecordedFile


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where to go on: the number of the last line read and the offset after it, in bytes of the unpacked file."""

    line: int
    offset: int


class Recording:
    """One file in one of the known layouts. Iterating reads it once, from `after` on.

    `bad_row` is called with the line number, the exact bytes and the reason of every row that is no event; the
    default raises Fault, so that nothing is passed over unseen.
    """

    def __init__(
        self,
        path: Path,
        *,
        layout: LayoutName | None = None,
        after: Position | None = None,
        bad_row: Callable[[int, bytes, str], None] | None = None,
    ) -> None:
        self.path = path
        self.bad_rows = 0
        self._bad_row = bad_row or self._stop_at
        self._file = RecordedFile(path, layout=layout, as_published=False)
        self._read_row = self._file.layout.begin(self._file.columns)
        if after is not None:
            self.go_to(after)

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return self._file.fraction

    def go_to(self, after: Position) -> None:
        """Go on after this position, before anything has been read. Raises Fault."""
        if self._file.layout.looks_back:
            self._read_again(after)
        self._file.go_to(line=after.line, offset=after.offset)

    def close(self) -> None:
        """Let go of the file; iterating to the end does so too."""
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows as records. Raises Fault where the file cannot be read on."""
        read_row = self._read_row
        with closing(self._file) as file:
            while row := file.next_row():
                content = row.rstrip(b"\r\n")
                if not content:
                    continue
                try:
                    if len(row) > LONGEST_ROW_BYTES:
                        raise BadRow(f"over {LONGEST_ROW_BYTES:,} bytes long: only its beginning is kept")
                    yield read_row(content, line=file.line, end=file.offset, ended=row.endswith(b"\n"))
                except BadRow as reason:
                    self.bad_rows += 1
                    self._bad_row(file.line, row, str(reason))

    def _read_again(self, until: Position) -> None:
        """Read the rows up to there for what they mean to those after them; they have been accounted for."""
        file = self._file
        while file.offset < until.offset and (row := file.next_row()):
            if len(row) > LONGEST_ROW_BYTES:
                continue
            with suppress(BadRow):
                self._read_row(row.rstrip(b"\r\n"), line=file.line, end=file.offset)

    def _stop_at(self, line: int, _: bytes, reason: str) -> None:
        raise Fault(f"{self.path}: line {line}: {reason}")


def records(
    path: Path,
    *,
    layout: LayoutName | None = None,
    after: Position | None = None,
    bad_row: Callable[[int, bytes, str], None] | None = None,
) -> Recording:
    """Return the recording, ready to iterate; raises Fault where it is not there or in no known layout.

    `layout` says which one it is in; None: as its first line tells.
    """
    return Recording(path, layout=layout, after=after, bad_row=bad_row)
