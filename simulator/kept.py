"""A file of what could not be used: exact bytes and the reason, so that nothing vanishes."""

import base64
import json
import os
from pathlib import Path

from simulator.record import Fault

# Every entry begins so. A kill leaves half of the last one, of a line that was never gone past.
BEGINS = b'{"reason": "'


class KeptFile:
    """JSON lines, appended to; the file comes to exist with the first thing kept.

    Each line holds `reason`, whatever says where it came from, `bytes_base64` (exact) and `text` (to read).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def forget(self, source: Path) -> None:
        """Start anew: what an earlier run kept of the lines of this recording is not this run's.

        Raises Fault, and leaves it alone, where the file holds something else, or lines of another recording.
        """
        try:
            if self.path.is_file():  # nothing is kept in /dev/null
                with self.path.open("rb") as file:
                    self._line_of(file.readline(), source)
                self.path.unlink()
        except OSError as error:
            raise Fault(f"{self.path} cannot be written: {error.strerror}") from error

    def forget_after(self, line: int, source: Path) -> None:
        """Cut off what was kept of the recording's lines after this one, which are read again.

        Entries are in order of lines. Raises Fault as `forget` does.
        """
        try:
            with self.path.open("r+b") as file:
                end = 0
                for entry in file:
                    kept = self._line_of(entry, source)
                    if kept is None or kept > line:
                        file.truncate(end)
                        break
                    end += len(entry)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Fault(f"{self.path} cannot be written: {error.strerror}") from error

    def _line_of(self, entry: bytes, source: Path) -> int | None:
        """Return the line that an entry is about, None for what a kill left of one. Raises Fault."""
        if not entry.endswith(b"\n") and (entry.startswith(BEGINS) or BEGINS.startswith(entry)):
            return None
        try:
            if not entry.startswith(BEGINS):
                raise ValueError("not written by keep")
            kept = json.loads(entry)
            line, file = int(kept["line"]), str(kept["file"])
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self.path} holds something else than bad rows: name another file with --rejects"
            raise Fault(message) from error
        if file != os.path.realpath(source):
            raise Fault(f"{self.path} holds the bad rows of {file}: name another file with --rejects")
        return line

    def keep(self, data: bytes, *, reason: str, **origin: str | int) -> None:
        """Append one entry; it is on its way to the disk when this returns."""
        entry = {
            "reason": reason,
            **origin,
            "bytes_base64": base64.b64encode(data).decode(),
            "text": data.decode("utf-8", errors="replace"),
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # A file's name need not be UTF-8; what JSON reads back from such an escape is that name.
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise Fault(f"{self.path} cannot be written: {error.strerror}") from error
        self.count += 1
