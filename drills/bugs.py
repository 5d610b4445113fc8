"""Runs the tests that plant bugs, and reads from their account how many there were and how many the drills caught."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # nosec B405  # what is read was written by our own tests

from laptop.cloud.starting import ROOT
from laptop.processes import spawn

FOLDER = Path("tests") / "drills"
TESTS = (FOLDER / "test_drills_planted_bugs.py", FOLDER / "test_drills_planted_in_the_job.py")
_OF_A_BUG = "test_a_planted_bug_is_caught"


@dataclass(frozen=True, kw_only=True)
class Bugs:
    """How many bugs were planted, and of how many the drills said what is wrong."""

    planted: int = 0
    caught: int = 0


def plant_bugs(folder: Path) -> Bugs:
    """Run the tests; their output is kept in the folder. The troubles without a bug count as one more."""
    account, log = folder / "planted.xml", folder / "planted.log"
    account.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "2", *map(str, TESTS), f"--junitxml={account}"]
    spawn(command, environment=os.environ, log=log, cwd=ROOT).wait()
    return read_account(account.read_text()) if account.exists() else Bugs(planted=1)


def read_account(text: str) -> Bugs:
    """Read the account of the tests. A bug is caught where its test passed.

    Where the drills find something wrong although no bug is planted, none counts as caught.
    """
    cases = list(ElementTree.fromstring(text).iter("testcase"))  # nosec B314
    bugs = [case for case in cases if case.get("name", "").startswith(_OF_A_BUG)]
    others = [case for case in cases if case not in bugs]
    caught = sum(len(case) == 0 for case in bugs) if all(len(case) == 0 for case in others) else 0
    return Bugs(planted=len(bugs), caught=caught)
