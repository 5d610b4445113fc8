"""The files that a command line names: writing one must not destroy another."""

import os
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG

from simulator.record import Fault


def check_apart(named: Mapping[str, Path | None]) -> None:
    """Raise Fault where two options, or the recording and an option, name one file, be it through links.

    What keeps nothing, as /dev/null, may be named more than once.
    """
    found: dict[str | tuple[int, int], str] = {}
    for option, path in named.items():
        identity = None if path is None else _identity(path)
        if identity is None:
            continue
        if identity in found:
            raise Fault(f"{path} is named twice, as {found[identity]} and as {option}: name another file")
        found[identity] = option


def _identity(path: Path) -> str | tuple[int, int] | None:
    """Return what is the same for every name of a file; None for what is no file."""
    try:
        status = path.stat()
    except OSError:  # it is not there yet
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if S_ISREG(status.st_mode) else None
