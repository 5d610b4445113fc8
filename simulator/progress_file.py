"""How far a replay has been acknowledged, in a small file, so that it can go on after a kill."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from simulator.record import Fault, Record
from simulator.recorded_file import GZIP_MAGIC
from simulator.replay import Position

SAVE_EVERY_SECONDS = 0.25
FINGERPRINT_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What was acknowledged: the recording's position and, for a file as sink, its length by then."""

    fingerprint: str
    line: int
    offset: int
    written_bytes: int

    @property
    def position(self) -> Position:
        """Where to go on in the recording."""
        return Position(line=self.line, offset=self.offset)


class ProgressFile:
    """Belongs to one recording and one target. Written anew and renamed, so that a kill leaves the old or the new.

    `name` is that of whatever belongs to these two, and to no others. What comes through a pipe comes once: of that
    nothing is written.
    """

    def __init__(
        self, folder: Path, *, source: Path, target: str, save_every_seconds: float = SAVE_EVERY_SECONDS
    ) -> None:
        both = f"{os.path.realpath(source)}\n{target}".encode(errors="surrogateescape")
        self.name = f"{source.name}-{hashlib.sha256(both).hexdigest()[:12]}"
        self.path = folder / f"{self.name}.progress.json"
        self._source = source
        self._save_every_seconds = save_every_seconds
        self._noted: tuple[Record, int] | None = None
        self._saved_at = time.monotonic()

    def load(self) -> Progress | None:
        """Return what was acknowledged, or None; raises Fault where the recording is no longer the same."""
        try:
            progress = Progress(**json.loads(self.path.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise Fault(f"{self.path} cannot be read ({error}): delete it and run without --resume") from error
        if progress.fingerprint != self._fingerprint(progress.offset):
            raise Fault(f"{self._source} is not the file that was begun: run without --resume to start over")
        return progress

    def forget(self) -> None:
        """Start over."""
        self.path.unlink(missing_ok=True)

    def note(self, record: Record, *, written_bytes: int) -> None:
        """Note that all up to this record is settled, and write it down unless that was done a moment ago.

        An older state sends more again, it never skips.
        """
        self._noted = record, written_bytes
        if time.monotonic() - self._saved_at >= self._save_every_seconds:
            self.save()

    def save(self) -> None:
        """Write down what was noted last. Raises Fault."""
        if self._noted is None or not self._source.is_file():
            return
        record, written_bytes = self._noted
        progress = Progress(
            fingerprint=self._fingerprint(record.source_end),
            line=record.source_line,
            offset=record.source_end,
            written_bytes=written_bytes,
        )
        fresh = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(asdict(progress)))
            fresh.replace(self.path)
        except OSError as error:
            raise Fault(f"{self.path} cannot be written: {error.strerror}") from error
        self._saved_at = time.monotonic()

    def _fingerprint(self, offset: int) -> str:
        """Return a hash of how the file begins and of what stands before the offset; of a packed one the former only.

        To unpack all that is before an offset takes as long as the replay did.
        """
        with self._source.open("rb") as file:
            beginning = file.read(FINGERPRINT_BYTES)
            if beginning.startswith(GZIP_MAGIC):
                return hashlib.sha256(beginning).hexdigest()
            file.seek(max(0, offset - FINGERPRINT_BYTES))
            return hashlib.sha256(beginning[:offset] + file.read(min(offset, FINGERPRINT_BYTES))).hexdigest()
