"""Where a reader stands, kept in a file that is whole at every moment."""

import json
import os
from pathlib import Path
from typing import Any


class Checkpoint:
    """A small JSON document on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> dict[str, Any]:
        """Return what was kept last; empty in the beginning."""
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def keep(self, **content: Any) -> None:
        """Replace what was kept; a kill leaves the old or the new, never half of it."""
        draft = self._path.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
