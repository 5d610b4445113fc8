"""A recorded CSV file, plain or gzip, as records: a row at a time, whatever the size of the file."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from simulator.kaggle import HEADER, BadRow, to_record
from simulator.record import Fault, Record

LONGEST_ROW_BYTES = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where to go on: the number of the last line read and the offset after it, in bytes of the unpacked file."""

    line: int
    offset: int


class Recording:
    """One file in the Kaggle layout. Iterating reads it once, from `after` on.

    `bad_row` is called with the line number, the exact bytes and the reason of every row that is no event; the
    default raises Fault, so that nothing is passed over unseen.
    """

    def __init__(
        self,
        path: Path,
        *,
        after: Position | None = None,
        bad_row: Callable[[int, bytes, str], None] | None = None,
    ) -> None:
        self.path = path
        self.bad_rows = 0
        self._after = after
        self._bad_row = bad_row or self._stop_at
        self._raw = _open(path)
        self._size = max(path.stat().st_size, 1)
        self._header_end = 0
        packed = self._raw.peek(2)[:2] == GZIP_MAGIC  # type: ignore[attr-defined]  # a buffered reader has it
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        self._check_header()

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._raw.closed else self._raw.tell() / self._size

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows as records. Raises Fault where the file cannot be read on."""
        line, offset = 1, self._header_end
        with self._raw:
            if self._after is not None:
                line, offset = self._after.line, self._after.offset
                self._go_to(offset)
            while row := self._next_line(line + 1):
                line += 1
                offset += len(row)
                content = row.rstrip(b"\r\n")
                if not content:
                    continue
                try:
                    yield to_record(content, line=line, end=offset, ended=row.endswith(b"\n"))
                except BadRow as reason:
                    self.bad_rows += 1
                    self._bad_row(line, row, str(reason))

    def _check_header(self) -> None:
        header = self._next_line(1)
        self._header_end = len(header)
        found = header.decode("utf-8-sig", errors="replace").strip()
        if found != HEADER:
            self._raw.close()
            shown = found if len(found) <= 60 else found[:57] + "..."
            raise Fault(f"{self.path}: line 1 is {shown!r}, expected the header {HEADER}")

    def _go_to(self, offset: int) -> None:
        try:
            reached = self._file.seek(offset)
        except (OSError, EOFError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot go on at byte {offset}: {error}") from error
        if reached != offset or (self._file is self._raw and offset > self._size):
            raise Fault(f"{self.path} is shorter than what was acknowledged: run again without --resume")

    def _next_line(self, number: int) -> bytes:
        try:
            row = self._file.readline(LONGEST_ROW_BYTES + 1)
        except EOFError as error:
            raise Fault(f"{self.path}: the gzip file is cut off after line {number - 1}: fetch it again") from error
        except (OSError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot be read after line {number - 1}: {error}") from error
        if len(row) > LONGEST_ROW_BYTES:
            raise Fault(f"{self.path}: line {number} is longer than 1 MiB: this is no file in the Kaggle layout")
        return row

    def _stop_at(self, line: int, _: bytes, reason: str) -> None:
        raise Fault(f"{self.path}: line {line}: {reason}")


def records(
    path: Path,
    *,
    after: Position | None = None,
    bad_row: Callable[[int, bytes, str], None] | None = None,
) -> Recording:
    """Return the recording, ready to iterate; raises Fault where it is not there or not in the Kaggle layout."""
    return Recording(path, after=after, bad_row=bad_row)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise Fault(f"{path}: no such file") from error
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}") from error
