"""The folder a laptop keeps its files in: whose it is, and which laptop runs in it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import psutil

from laptop.processes import LaptopError

MARKER = "floorwalker-laptop.txt"
_MARKED = "Floorwalker's laptop keeps its files in this folder, and empties it whenever it starts.\n"
# The system tells creation times by its clock, which may be set a little meanwhile.
_CLOCK_SECONDS = 2.0


def claim(work_dir: Path) -> None:
    """Empty the folder for the laptop of this process.

    Raises LaptopError where a laptop is running in it, and where it holds what is not a laptop's.
    """
    running = read_state(work_dir)
    if running is not None:
        raise LaptopError(
            f"A laptop is running already in {work_dir} (process {running['pid']}): `python -m laptop down` ends it"
        )
    if not _may_be_emptied(work_dir):
        raise LaptopError(
            f"{work_dir} holds what is not a laptop's, and would be emptied: name a new folder with --work-dir"
        )
    _empty(work_dir)
    (work_dir / "logs").mkdir()
    (work_dir / "warehouse").mkdir()
    write_state(work_dir)


def _may_be_emptied(folder: Path) -> bool:
    """Return: it is a laptop's, or there is nothing in it to lose."""
    if not folder.is_dir():
        return not folder.exists()
    return (folder / MARKER).is_file() or _is_of_before_the_marker(folder) or not any(folder.iterdir())


def _is_of_before_the_marker(folder: Path) -> bool:
    """Return: a laptop of a version that left no marker has run there."""
    return (folder / "logs" / "cloud.log").is_file() and (folder / "warehouse").is_dir()


def _empty(folder: Path) -> None:
    """Mark the folder as ours and delete all but the mark: killed in between, it is still known as ours."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(_MARKED)
    for inside in folder.iterdir():
        if inside.is_dir() and not inside.is_symlink():
            shutil.rmtree(inside, ignore_errors=True)
        elif inside.name != MARKER:
            inside.unlink()


def write_state(work_dir: Path, **more: Any) -> None:
    """Write down that the laptop of this process runs in the folder, and what else others need to know of it."""
    state = {"pid": os.getpid(), "created_at": psutil.Process().create_time(), **more}
    _state_file(work_dir).write_text(json.dumps(state))


def read_state(work_dir: Path) -> dict[str, Any] | None:
    """Return what the laptop running in the folder wrote down; None when none runs there.

    The number of a process is given again, and after a restart of the machine soon: whoever has it now is the laptop
    only if it was created when the laptop was.
    """
    try:
        state = dict(json.loads(_state_file(work_dir).read_text()))
        away_seconds = abs(psutil.Process(state["pid"]).create_time() - state["created_at"])
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return state if away_seconds < _CLOCK_SECONDS else None


def remove_state(work_dir: Path) -> None:
    """Take back that a laptop runs in the folder."""
    _state_file(work_dir).unlink(missing_ok=True)


def _state_file(work_dir: Path) -> Path:
    return work_dir / "laptop.json"
