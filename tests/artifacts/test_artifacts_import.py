"""Each artifact, unpacked in an empty folder, imports alone: what it needs is in it or in the runtime.

The interpreter is started without its site packages and without this repository; only what the service's runtime
brings is put on the path, one distribution at a time.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from stacks.packaging import ROOT, batch_zip, detector_zip, function_zip

FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"
# What the Lambda runtime brings. jmespath, which boto3 stands on too, is the zip's.
LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "urllib3", "python-dateutil", "six")
GLUE_BRINGS = (*LAMBDA_BRINGS, "jmespath", "pyspark", "py4j", "pyarrow", "numpy")


@pytest.mark.parametrize("name", ["respond", "start_detector", "conceal"])
def test_each_function_imports_alone(tmp_path, name):
    """The library that a function lacks is missed at the first record, long after the deployment."""
    run = _import(
        f"lambdas.{name}.handler",
        unpacked=_unpack(function_zip(name), tmp_path / "task"),
        brought=_runtime(tmp_path, LAMBDA_BRINGS),
    )
    assert run.returncode == 0, run.stderr
    assert "handler" in run.stdout


def test_the_detector_imports_alone(tmp_path):
    """PyFlink is the runtime's; everything else comes with the zip."""
    if not FLINK_PYTHON.exists():
        pytest.skip(f"{FLINK_PYTHON} is not here: run `make setup`")
    folder = _unpack(detector_zip(), tmp_path / "app")
    code = "import runpy, sys; print(sorted(runpy.run_path('flink_app/main.py')), sys.path)"
    run = subprocess.run(
        [str(FLINK_PYTHON), "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert run.returncode == 0, run.stderr
    assert "main" in run.stdout
    assert f"{ROOT}'" not in run.stdout, "the repository was on the path: the test would prove nothing"


@pytest.mark.parametrize("module", ["glue_jobs.entry", "glue_jobs.spark_engine", "sqlglot"])
def test_the_batch_zip_imports_from_the_zip_itself(tmp_path, module):
    """Glue puts the zip on the path without unpacking it."""
    run = _import(module, unpacked=batch_zip(), brought=_runtime(tmp_path, GLUE_BRINGS))
    assert run.returncode == 0, run.stderr


def test_questions_and_marts_are_read_from_the_zip(tmp_path):
    """They are files beside the code, which a path on a disk would not find in a zip."""
    code = (
        "from glue_jobs.marts import marts; from glue_jobs.questions import questions;"
        "print(list(questions()), [mart.sql for mart in marts()])"
    )
    run = _alone(code, unpacked=batch_zip(), brought=_runtime(tmp_path, GLUE_BRINGS))
    assert run.returncode == 0, run.stderr
    assert "'daily_visitors'" in run.stdout
    assert "SELECT" in run.stdout


@pytest.mark.parametrize("folder", ["commerce", "flink_app"])
def test_a_zip_without_a_folder_it_needs_does_not_import(tmp_path, folder):
    """The import test above can fail: with a folder taken out it does."""
    if not FLINK_PYTHON.exists():
        pytest.skip(f"{FLINK_PYTHON} is not here: run `make setup`")
    unpacked = _unpack(detector_zip(), tmp_path / "app")
    main = (unpacked / "flink_app" / "main.py").read_text()
    shutil.rmtree(unpacked / folder)
    (unpacked / "flink_app").mkdir(exist_ok=True)
    (unpacked / "flink_app" / "main.py").write_text(main)
    code = "import runpy; runpy.run_path('flink_app/main.py')"
    run = subprocess.run(
        [str(FLINK_PYTHON), "-I", "-c", code], cwd=unpacked, capture_output=True, text=True, check=False, timeout=600
    )
    assert run.returncode != 0
    assert "ModuleNotFoundError" in run.stderr


def _import(module: str, *, unpacked: Path, brought: list[Path]) -> subprocess.CompletedProcess[str]:
    return _alone(f"import {module} as module; print(dir(module))", unpacked=unpacked, brought=brought)


def _alone(code: str, *, unpacked: Path, brought: list[Path]) -> subprocess.CompletedProcess[str]:
    path = f"import sys; sys.path[:0] = {[str(unpacked), *map(str, brought)]!r};"
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", path + code],
        cwd=unpacked.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def _unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    return folder


def _runtime(tmp_path: Path, brings: tuple[str, ...]) -> list[Path]:
    """Return a folder that holds nothing but what the service's runtime brings."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in brings:
        for top in {file.parts[0] for file in distribution(name).files or () if ".." not in file.parts}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(distribution(name).locate_file(top))))
    return [folder]
