"""A recorded file, plain or gzip, a line at a time, with one wording for whatever may be wrong with it."""

import gzip
import zlib
from codecs import BOM_UTF8
from pathlib import Path
from typing import BinaryIO, cast

from simulator.known_layouts import LAYOUTS, recognised
from simulator.layout import Layout, LayoutName, shown
from simulator.record import Fault

LONGEST_ROW_BYTES = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


class RecordedFile:
    """The rows, after the header where the layout has one.

    `line` and `offset` say where reading stands, in the unpacked file. The layout is that named, or the one that the
    first line is recognised by. Raises Fault where neither will do.
    """

    def __init__(self, path: Path, *, layout: LayoutName | None = None) -> None:
        self.path = path
        self.line = 0
        self.offset = 0
        self._raw = _open(path)
        self._size = max(path.stat().st_size, 1)
        packed = self._raw.peek(2)[:2] == GZIP_MAGIC  # type: ignore[attr-defined]  # a buffered reader has it
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        try:
            self.header = self.next_row()
            self.layout = self._layout(layout)
            if self.layout.header is None:
                self.go_to(line=0, offset=len(BOM_UTF8) if self.header.startswith(BOM_UTF8) else 0)
                self.header = b""
        except Fault:
            self.close()
            raise

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._raw.closed else self._raw.tell() / self._size

    def next_row(self) -> bytes:
        """Return the next line with its line break, nothing at the end. Raises Fault."""
        try:
            row = self._file.readline(LONGEST_ROW_BYTES + 1)
        except EOFError as error:
            raise Fault(f"{self.path}: the gzip file is cut off after line {self.line}: fetch it again") from error
        except (OSError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot be read after line {self.line}: {error}") from error
        if len(row) > LONGEST_ROW_BYTES:
            raise Fault(f"{self.path}: line {self.line + 1} is over 1 MiB long: this is no recorded CSV")
        self.line += bool(row)
        self.offset += len(row)
        return row

    def go_to(self, *, line: int, offset: int) -> None:
        """Continue after this line, which ends at this offset. Raises Fault."""
        try:
            reached = self._file.seek(offset)
        except (OSError, EOFError, zlib.error) as error:
            raise Fault(f"{self.path}: cannot go on at byte {offset}: {error}") from error
        if reached != offset or (self._file is self._raw and offset > self._size):
            raise Fault(f"{self.path} is shorter than what was acknowledged: run again without --resume")
        self.line, self.offset = line, offset

    def close(self) -> None:
        """Let go of the file."""
        self._raw.close()

    def _layout(self, name: LayoutName | None) -> Layout:
        found = self.header.decode("utf-8-sig", errors="replace").strip()
        layout = LAYOUTS[name] if name is not None else recognised(found)
        if layout is None:
            raise Fault(f"{self.path}: line 1 is {shown(found)}, which begins no known layout: {', '.join(LAYOUTS)}")
        if layout.header not in (None, found):
            raise Fault(f"{self.path}: line 1 is {shown(found)}, expected the header {layout.header}")
        return layout


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise Fault(f"{path}: no such file") from error
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}") from error
