"""The command line of a job run, and the files it needs, as Glue lays them out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Arguments that Glue takes for itself: the job's own parser never sees their effect.
_EXTRA_FILES = "--extra-py-files"
_WAREHOUSE = "--warehouse"


def laptop_arguments(given: Mapping[str, str], *, warehouse: Path) -> dict[str, str]:
    """Return the arguments with the lake laid where the laptop keeps it, when it is one of local files."""
    if given.get("--catalog") != "sqlite":
        return dict(given)
    return {**given, _WAREHOUSE: str(warehouse)}


def job_command(
    job: Mapping[str, Any], arguments: Mapping[str, str], *, folder: Path, s3: Any
) -> tuple[list[str], list[str]]:
    """Fetch the script and the extra modules into the folder; return Python's arguments and the import path."""
    folder.mkdir(parents=True, exist_ok=True)
    script = _fetch(job["Command"]["ScriptLocation"], folder, s3)
    extra = [part.strip() for part in arguments.get(_EXTRA_FILES, "").split(",") if part.strip()]
    python_path = [str(_fetch(location, folder, s3)) for location in extra]
    passed = [text for name, value in arguments.items() for text in (name, value)]
    return [str(script), "--JOB_NAME", job["Name"], *passed], python_path


def _fetch(location: str, folder: Path, s3: Any) -> Path:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    target = folder / key.rpartition("/")[2]
    s3.download_file(bucket, key, str(target))
    return target
