"""A recorded file, plain or gzip, a line at a time, with one wording for whatever may be wrong with it."""

import gzip
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import deque
from pathlib import Path
from typing import BinaryIO, cast

from simulator.columns import Columns
from simulator.known_layouts import LAYOUTS, recognised
from simulator.layout import Layout, LayoutName, shown
from simulator.record import Fault

LONGEST_ROW_BYTES = 1024 * 1024
# A layout without a header is recognised by any of these: the first may be damaged.
FIRST_LINES = 10
GZIP_MAGIC = b"\x1f\x8b"
OTHER_FILES = {
    b"PK\x03\x04": "a ZIP file or a workbook: unpack it first, or save it as CSV",
    b"\x28\xb5\x2f\xfd": "packed with zstd: unpack it first",
    b"\xfd7zXZ": "packed with xz: unpack it first",
    b"BZh": "packed with bzip2: unpack it first",
    BOM_UTF16_LE: "text in UTF-16: save it in UTF-8",
    BOM_UTF16_BE: "text in UTF-16: save it in UTF-8",
}
_MAGIC_BYTES = max(map(len, OTHER_FILES))


class RecordedFile:
    """The rows, after the header where the layout has one.

    `line` and `offset` say where reading stands, in the unpacked file. The layout is that named, or the one that the
    first lines are recognised by; its columns may stand elsewhere than published only if asked for. Raises Fault where
    neither will do.
    """

    def __init__(self, path: Path, *, layout: LayoutName | None = None, as_published: bool = True) -> None:
        self.path = path
        self.line = 0
        self.offset = 0
        self._ahead: deque[bytes] = deque()
        self._raw = _open(path)
        self._size = max(path.stat().st_size, 1)
        try:
            self._file = self._unpacked()
            self.layout, self.columns = self._recognised() if layout is None else self._named(LAYOUTS[layout])
            if as_published and self.columns != self.layout.columns:
                raise Fault(f"{path}: line 1 has other columns than the header {self.layout.header}")
            self.header = b"" if self.layout.header is None else self.next_row()
        except Fault:
            self.close()
            raise

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1; of what comes through a pipe nobody knows."""
        if self._raw.closed:
            return 1.0
        return self._raw.tell() / self._size if self._raw.seekable() else 0.0

    def next_row(self) -> bytes:
        """Return the next line with its line break, nothing at the end. Raises Fault.

        Of a line that is over `LONGEST_ROW_BYTES` long it is the beginning, one byte longer than that.
        """
        row = self._ahead.popleft() if self._ahead else self._read()
        self.line += bool(row)
        self.offset += len(row)
        if len(row) > LONGEST_ROW_BYTES and not row.endswith(b"\n"):
            self._skip_to_line_end()
        return row.removeprefix(BOM_UTF8) if self.line == 1 else row

    def go_to(self, *, line: int, offset: int) -> None:
        """Continue after this line, which ends at this offset. Raises Fault."""
        try:
            reached = self._file.seek(offset)
        except (OSError, EOFError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot go on at byte {offset}: {error}") from error
        if reached != offset or (self._file is self._raw and offset > self._size):
            raise Fault(f"{self.path} is shorter than what was acknowledged: run again without --resume")
        self._ahead.clear()
        self.line, self.offset = line, offset

    def close(self) -> None:
        """Let go of the file."""
        self._raw.close()

    def _unpacked(self) -> BinaryIO:
        """Return the file to read lines from. Raises Fault for what is no text."""
        begins = self._raw.peek(_MAGIC_BYTES)  # type: ignore[attr-defined]  # a buffered reader has it
        if begins.startswith(GZIP_MAGIC):
            return cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))
        for magic, what in OTHER_FILES.items():
            if begins.startswith(magic):
                raise Fault(f"{self.path} is {what}")
        return self._raw

    def _recognised(self) -> tuple[Layout, Columns]:
        """Return the layout that the first lines show, and the columns. Raises Fault."""
        for number in range(FIRST_LINES):
            line = self._look_ahead()
            found = recognised(_text(line), first=number == 0)
            if found is not None:
                return found
            if not line.endswith(b"\n"):  # the end, or no line of a recording
                break
        first = _text(self._ahead[0])
        raise Fault(f"{self.path}: line 1 is {shown(first)}, which begins no known layout: {', '.join(LAYOUTS)}")

    def _named(self, layout: Layout) -> tuple[Layout, Columns]:
        """Return the layout and the columns that its header shows, if it has one. Raises Fault."""
        if layout.header is None:
            return layout, layout.columns
        first = _text(self._look_ahead())
        columns = layout.columns_in(first)
        if columns is None:
            raise Fault(f"{self.path}: line 1 is {shown(first)}, expected the header {layout.header}")
        return layout, columns

    def _look_ahead(self) -> bytes:
        """Return the next line, which is also the next row still to come. Raises Fault."""
        self._ahead.append(self._read())
        return self._ahead[-1]

    def _skip_to_line_end(self) -> None:
        while rest := self._read():
            self.offset += len(rest)
            if rest.endswith(b"\n"):
                break

    def _read(self) -> bytes:
        """Return the next line, or as much of it as a row may be long and a byte. Raises Fault."""
        try:
            return self._file.readline(LONGEST_ROW_BYTES + 1)
        except EOFError as error:
            raise Fault(
                f"{self.path}: the gzip file is cut off after line {self._lines_read}: fetch it again"
            ) from error
        except (OSError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot be read after line {self._lines_read}: {error}") from error

    @property
    def _lines_read(self) -> int:
        return self.line + len(self._ahead)


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", errors="replace").strip(" \r\n")  # a tab stands before a column without a name


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise Fault(f"{path}: no such file") from error
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}") from error
