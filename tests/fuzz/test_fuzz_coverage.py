"""The coverage-guided run, for a fixed number of inputs: no promise about bad input breaks, a broken one is seen."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import fuzzing
import pytest
from fuzz_subjects import SUBJECTS

ROOT = fuzzing.TESTS.parent
RUNS = 2_000
WITH_ATHERIS = pytest.mark.skipif(find_spec("atheris") is None, reason=fuzzing.ABSENT)
# Nobody hits three letters by chance: one input in sixteen million begins so.
PLANTED = """
from collections.abc import Iterator
from types import SimpleNamespace

WORDS = ("null",)

def check(data: bytes) -> None:
    if len(data) > 2 and data[0] == 70:
        if data[1] == 85:
            if data[2] == 90:
                raise KeyError("planted")

SUBJECTS = {"planted": SimpleNamespace(check=check, seeds=lambda: [b"begin"])}
"""


def fuzz(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@WITH_ATHERIS
def test_no_input_breaks_a_promise(tmp_path: Path) -> None:
    """As many inputs as take seconds: `make fuzz` goes on for as long as it is told."""
    done = fuzz(Path(fuzzing.__file__), "run", "--runs", RUNS, "--folder", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == list(SUBJECTS)
    assert done.stdout.count(f"{RUNS:,} inputs, no promise broken") == len(SUBJECTS)


@WITH_ATHERIS
def test_a_broken_promise_is_found_by_coverage_and_can_be_repeated(tmp_path: Path) -> None:
    """Whoever mends it needs the bytes; chance alone would not come upon them."""
    script = shutil.copy(fuzzing.__file__, tmp_path)
    (tmp_path / "fuzz_subjects.py").write_text(PLANTED)
    done = fuzz(script, "run", "--runs", 1_000_000, "--folder", tmp_path / "found")
    assert done.returncode == 1
    assert "planted: KeyError: 'planted'" in done.stderr
    assert "the input:   b'FUZ" in done.stderr
    (found,) = (tmp_path / "found" / "planted").glob("crash-*")
    assert f"repeat planted {found}" in done.stderr
    again = fuzz(script, "repeat", "planted", found)
    assert again.returncode == 1 and "KeyError: 'planted'" in again.stderr
    found.write_bytes(b"begin")
    assert fuzz(script, "repeat", "planted", found).returncode == 0


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_the_run_begins_with_breaks_no_promise(name: str) -> None:
    """Also where atheris is not there; what it begins with should be understood, and none of it is empty."""
    seeds = list(SUBJECTS[name].seeds())
    assert len(seeds) > 2
    for seed in seeds:
        SUBJECTS[name].check(seed)
