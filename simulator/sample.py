"""A sample out of the big recorded files, by whole users: every visit of whoever is in it is in it.

A user is in by the hash of the id, so that the same fraction takes the same people out of every month.
"""

import gzip
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from simulator.kaggle import COLUMNS, columns_of
from simulator.layout import BadRow
from simulator.record import Fault
from simulator.recorded_file import RecordedFile

REPORT_EVERY_ROWS = 100_000
_USER_COLUMN = COLUMNS.index("user_id")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a sample took: rows read without the header, rows kept, and rows that name no user."""

    read: int
    kept: int
    bad_rows: int


def sample(source: Path, target: Path, *, users: float, progress: Callable[[float, int], None] | None = None) -> Cut:
    """Copy header and rows of this fraction of the users, 0 to 1; return what was done.

    The target appears only when it is whole. Raises Fault.
    """
    if not 0 < users <= 1:
        raise Fault(f"users is {users:g}, expected a fraction above 0 and at most 1")
    with closing(RecordedFile(source, layout="kaggle")) as file:
        if target.exists() and target.samefile(source):
            raise Fault(f"{target} is the file to cut from: name another target")
        if target.exists() and not target.is_file():  # a device would be gone, with a file in its place
            raise Fault(f"{target} cannot be written: it is no file")
        with _writing(target) as out:
            out.write(file.header)
            return _copy(file, out, is_in=_chooser(users), progress=progress)


def _copy(
    file: RecordedFile, out: BinaryIO, *, is_in: Callable[[bytes], bool], progress: Callable[[float, int], None] | None
) -> Cut:
    read = kept = bad_rows = 0
    while row := file.next_row():
        read += 1
        user = _user(row)
        if user is None:
            bad_rows += 1
        elif is_in(user):
            out.write(row)
            kept += 1
        if progress is not None and read % REPORT_EVERY_ROWS == 0:
            progress(file.fraction, read)
    return Cut(read=read, kept=kept, bad_rows=bad_rows)


def _user(row: bytes) -> bytes | None:
    """Return the row's user id, or None; only quotes, or an end without a line break, are worth reading with care."""
    ended = row.endswith(b"\n")
    if ended and b'"' not in row:
        columns = row.rsplit(b",", 2)
        return columns[1] or None if len(columns) == 3 else None
    try:
        return columns_of(row.rstrip(b"\r\n"), ended=ended)[_USER_COLUMN].encode() or None
    except BadRow:
        return None


def _chooser(users: float) -> Callable[[bytes], bool]:
    limit = round(users * 2**64)

    @lru_cache(maxsize=100_000)
    def is_in(user: bytes) -> bool:
        return int.from_bytes(hashlib.blake2b(user, digest_size=8).digest(), "big") < limit

    return is_in


@contextmanager
def _writing(target: Path) -> Iterator[BinaryIO]:
    """Write beside the target, into a file that was not there, and rename in the end; gzip by the target's ending."""
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        raw = partial.open("xb")
    except OSError as error:
        raise Fault(f"{target} cannot be written: {error.strerror}") from error
    try:
        with raw:
            if target.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield raw
        partial.replace(target)
    except OSError as error:
        raise Fault(f"{target} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
