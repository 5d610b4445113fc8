"""What the stacks know of the programs: their settings and what they declare, nothing that works."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("flink_app", "lambdas", "glue_jobs")
DECLARATIONS = {"glue_jobs.questions", "glue_jobs.marts", "glue_jobs.tables"}
WORKING_LIBRARIES = ("boto3", "botocore", "pyarrow", "duckdb", "pyspark", "pyiceberg", "sqlglot")


def test_the_stacks_import_settings_and_declarations_only():
    """A stack that ran a program's code would need the program's libraries to deploy."""
    found = {name for path in (ROOT / "stacks").rglob("*.py") for name in _imported(path)}
    of_programs = {name for name in found if name.split(".")[0] in PROGRAMS}
    assert {"glue_jobs.questions", "glue_jobs.settings"} <= of_programs
    assert {name for name in of_programs - DECLARATIONS if not name.endswith(".settings")} == set()


@pytest.mark.parametrize("module", sorted(DECLARATIONS))
def test_a_declaration_loads_no_library_that_works(module):
    """Writing templates must need neither an engine nor an AWS client."""
    ask = f"import sys, {module}; print([name for name in {WORKING_LIBRARIES} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
