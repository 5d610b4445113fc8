"""What goes into each artifact, and what does not."""

import os
import shutil
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from stacks import packaging
from stacks.packaging import batch_zip, detector_zip, function_zip

FUNCTIONS = ("respond", "start_detector")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_carries_its_own_folder_and_no_other(name):
    """One function's bug must not be another function's deployment."""
    folders = {
        path.split("/")[1] for path in _names(function_zip(name)) if path.startswith("lambdas/") and path.count("/") > 1
    }
    assert folders == {name}
    assert f"lambdas/{name}/handler.py" in _names(function_zip(name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_carries_the_libraries_of_the_lock_file(name):
    """What was tested is what runs."""
    names = _names(function_zip(name))
    for library in ("aws_lambda_powertools", "jmespath"):
        assert f"{library}-{version(library)}.dist-info/METADATA" in names
    assert "typing_extensions.py" in names


def test_the_detector_carries_one_connector():
    """Two connectors on one class path lose records."""
    jars = [name for name in _names(detector_zip()) if name.endswith(".jar")]
    assert jars == ["lib/floorwalker-detector.jar"]


@pytest.mark.parametrize("build", [detector_zip, batch_zip, lambda: function_zip("respond")])
def test_no_artifact_carries_leftovers(build):
    """Byte code, tests and notes of the installer differ from machine to machine."""
    for name in _names(build()):
        assert "__pycache__" not in name
        assert not name.startswith(("tests/", "/", ".."))
        assert not name.endswith((".pyc", ".so", "RECORD"))


def test_the_same_content_gives_the_same_bytes(monkeypatch, tmp_path):
    """Another hash would restart the detector for nothing."""
    first = function_zip("respond").read_bytes()
    copy = tmp_path / "copy"
    for folder in ("lambdas", "commerce"):
        shutil.copytree(packaging.ROOT / folder, copy / folder)
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    monkeypatch.setattr(packaging, "ROOT", copy)
    assert function_zip("respond").read_bytes() == first


def test_a_file_that_has_changed_is_packed_again(monkeypatch, tmp_path):
    """An artifact is kept while its files are what they were: a fix that stayed at home would be no fix."""
    for folder in ("lambdas", "commerce"):
        shutil.copytree(packaging.ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(packaging, "ROOT", tmp_path)
    monkeypatch.setattr(packaging, "ARTIFACTS", tmp_path / "artifacts")
    first = function_zip("respond").read_bytes()
    handler = tmp_path / "lambdas" / "respond" / "handler.py"
    handler.write_text(handler.read_text() + "# fixed\n")
    assert function_zip("respond").read_bytes() != first
    (tmp_path / "artifacts" / "respond.zip").unlink()
    assert function_zip("respond").is_file()


def test_a_folder_without_a_program_is_refused(monkeypatch, tmp_path):
    """An empty zip would deploy well, and fail at the first record."""
    monkeypatch.setattr(packaging, "ROOT", tmp_path)
    with pytest.raises(packaging.PackagingError, match=r"lambdas/respond/handler\.py"):
        function_zip("respond")


@pytest.mark.parametrize("jars", [[], ["one.jar", "two.jar"]])
def test_a_missing_or_second_connector_is_refused(monkeypatch, tmp_path, jars):
    """The message says how to get exactly one."""
    for jar in jars:
        (tmp_path / jar).touch()
    monkeypatch.setattr(packaging, "DETECTOR_JARS", tmp_path)
    with pytest.raises(packaging.PackagingError, match="make setup"):
        detector_zip()


def _names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())
