"""Which version of the code a template was made from."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNKNOWN = "unknown"


def version() -> str:
    """Return the commit as git calls it, with `-dirty` where files differ from it; outside a repository, `unknown`."""
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--tags", "--dirty"]
    try:
        told = subprocess.run(describe, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return told.stdout.strip() or UNKNOWN
