"""Which folders go into which artifact, and nothing else: one zip for each place where our code runs.

The zips are written here rather than by a container build, so that a synth needs neither Docker nor a network, and
the same content gives the same bytes: fixed times, fixed order, fixed permissions.
"""

import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "build" / "artifacts"
DETECTOR_JARS = ROOT / "build" / "jars" / "flink"
FUNCTION_DISTRIBUTIONS = ("aws-lambda-powertools", "jmespath", "typing-extensions")
BATCH_DISTRIBUTIONS = ("sqlglot",)

# What this process has put into each artifact: one command may synthesise many stages, all with the same artifacts.
_written: dict[Path, frozenset[tuple[str, Path, int, int]]] = {}
_WRITTEN_AT = (2000, 1, 1, 0, 0, 0)
_READABLE_FILE = 0o100644 << 16


class PackagingError(RuntimeError):
    """An artifact that cannot be built; the message says what to do."""


def detector_zip() -> Path:
    """Return the zip for Managed Flink: the program, the domain and the jar."""
    _require("flink_app/main.py")
    jar = detector_jar()
    contents = {**_folder("flink_app"), **_folder("commerce"), f"lib/{jar.name}": jar}
    return _write("detector", contents)


def function_zip(name: str) -> Path:
    """Return the zip for the Lambda function in `lambdas/<name>`: no other function's folder is in it."""
    _require(f"lambdas/{name}/handler.py")
    shared = {f"lambdas/{path.name}": path for path in (ROOT / "lambdas").glob("*.py")}
    contents = {**shared, **_folder(f"lambdas/{name}"), **_folder("commerce")}
    return _write(name, {**contents, **_installed(FUNCTION_DISTRIBUTIONS)})


def batch_zip() -> Path:
    """Return the zip that the Glue jobs put on their import path."""
    _require("glue_jobs/entry.py")
    return _write("batch", {**_folder("glue_jobs"), **_folder("commerce"), **_installed(BATCH_DISTRIBUTIONS)})


def detector_jar() -> Path:
    """Return the one jar, with the Kinesis connector in it; two of them on one class path lose records."""
    jars = sorted(DETECTOR_JARS.glob("*.jar"))
    if len(jars) != 1:
        raise PackagingError(f"{DETECTOR_JARS} holds {len(jars)} jars, not one: run `make setup`")
    return jars[0]


def _require(program: str) -> None:
    if not (ROOT / program).is_file():
        raise PackagingError(f"{program} is missing: an artifact without it would deploy, and fail when it is used")


def _folder(folder: str) -> dict[str, Path]:
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in (".py", ".sql", ".typed"))
    return {path.relative_to(ROOT).as_posix(): path for path in files}


def _installed(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of installed distributions, so that versions are those of the lock file."""
    files: dict[str, Path] = {}
    for name in names:
        for file in distribution(name).files or ():
            if _belongs_in_zip(file):
                files[file.as_posix()] = Path(str(file.locate()))
    return files


def _belongs_in_zip(file: PurePosixPath) -> bool:
    if file.suffix in (".so", ".pyd"):
        raise PackagingError(f"{file} is compiled for this machine and would not run on AWS")
    installer_notes = file.parts[0].endswith(".dist-info") and file.name in ("RECORD", "INSTALLER", "REQUESTED")
    return ".." not in file.parts and "__pycache__" not in file.parts and not installer_notes


def _write(name: str, contents: Mapping[str, Path]) -> Path:
    """Write under a name of its own first: a synth beside this one never reads half a zip."""
    target, state = ARTIFACTS / f"{name}.zip", _state(contents)
    if _written.get(target) == state and target.is_file():
        return target
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=ARTIFACTS, prefix=f"{name}-", suffix=".draft")
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
        for path_in_zip in sorted(contents):
            _add(archive, path_in_zip, contents[path_in_zip])
    Path(draft).replace(target)
    _written[target] = state
    return target


def _state(contents: Mapping[str, Path]) -> frozenset[tuple[str, Path, int, int]]:
    """Return what tells whether the same files have changed: names, sources, times of change and sizes."""
    found = ((path_in_zip, source, source.stat()) for path_in_zip, source in contents.items())
    return frozenset((name, source, status.st_mtime_ns, status.st_size) for name, source, status in found)


def _add(archive: zipfile.ZipFile, path_in_zip: str, source: Path) -> None:
    entry = zipfile.ZipInfo(path_in_zip, date_time=_WRITTEN_AT)
    entry.external_attr = _READABLE_FILE
    entry.compress_type = zipfile.ZIP_STORED if source.suffix == ".jar" else zipfile.ZIP_DEFLATED
    archive.writestr(entry, source.read_bytes())
