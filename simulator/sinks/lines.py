"""Records as lines: into a file, plain or gzip by its ending, or to standard output."""

import gzip
from pathlib import Path
from typing import BinaryIO

from simulator.record import Record
from simulator.sinks.sink import ReaderLeft, SinkFault

# A gzip file gets a member per flush, so that whatever was acknowledged can be read after a kill.
SETTLE_EVERY_RECORDS = 20_000


class _LineSink:
    """Gathers lines and writes many at once."""

    def __init__(self) -> None:
        self.sent = 0
        self.retried = 0
        self.refused = 0
        self._lines: list[bytes] = []

    def write(self, record: Record) -> bool:
        """Take a record; settled once so many have come together."""
        self._lines.append(record.data)
        if len(self._lines) < SETTLE_EVERY_RECORDS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write what has come together."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        try:
            self._put(b"\n".join([*lines, b""]))
        except OSError as error:
            raise SinkFault(f"the output cannot be written: {error.strerror or error}") from error
        self.sent += len(lines)

    def close(self) -> None:
        """Flush."""
        self.flush()

    def _put(self, block: bytes) -> None:
        raise NotImplementedError


class FileSink(_LineSink):
    """A file, written from the start, or from `keep_bytes` on where an earlier run is continued."""

    def __init__(self, path: Path, *, keep_bytes: int = 0) -> None:
        super().__init__()
        self._packed = path.suffix == ".gz"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("r+b" if keep_bytes else "wb")
            if self._file.seek(0, 2) < keep_bytes:
                raise SinkFault(f"{path} is shorter than what was acknowledged: run again without --resume")
            self._file.truncate(keep_bytes)
            self._file.seek(keep_bytes)
        except OSError as error:  # a pipe or a device can be opened, and goes no further
            raise SinkFault(f"{path} cannot be written: {error.strerror or error}") from error

    @property
    def written_bytes(self) -> int:
        """How much of the file holds settled records."""
        return self._file.tell()

    def close(self) -> None:
        """Flush and close the file."""
        try:
            super().close()
        finally:
            self._file.close()

    def _put(self, block: bytes) -> None:
        self._file.write(gzip.compress(block, compresslevel=3, mtime=0) if self._packed else block)
        self._file.flush()


class StandardOutputSink(_LineSink):
    """Standard output, as bytes: a record that is no text goes out as it is."""

    def __init__(self, output: BinaryIO) -> None:
        super().__init__()
        self._output = output

    def _put(self, block: bytes) -> None:
        try:
            self._output.write(block)
            self._output.flush()
        except BrokenPipeError as error:
            raise ReaderLeft("whoever reads the output has seen enough") from error
