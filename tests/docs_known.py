"""What exists, as the sources say it: commands and their options, names, columns, alarms."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer
from docs_pages import ROOT

from benchmarks import __main__ as benchmarks_main
from commerce.rejects import REJECT_REASONS
from drills import __main__ as drills_main
from evaluation import __main__ as evaluation_main
from flink_app import __main__ as flink_main
from glue_jobs import __main__ as glue_jobs_main
from glue_jobs.marts import marts
from glue_jobs.questions import questions
from glue_jobs.tables import TABLES
from lambdas.allow import __main__ as allow_main
from lambdas.dead_letters import __main__ as dead_letters_main
from laptop.__main__ import application as laptop_application
from simulator import __main__ as simulator_main
from stacks import __main__ as stacks_main

ROOMS = (
    "commerce",
    "stacks",
    "flink_app",
    "lambdas",
    "glue_jobs",
    "simulator",
    "laptop",
    "evaluation",
    "drills",
    "benchmarks",
)
RAW_COLUMNS = {"line", "arrival_hour"}
LAKE = {table.name: set(table.column_names) for table in (*TABLES, *(mart.table for mart in marts()))}
LAKE |= {"raw_events": RAW_COLUMNS, "raw_incidents": RAW_COLUMNS}
# Names that AWS, Athena, Kaggle and the connectors of other versions gave to things.
FOREIGN = {
    "json_extract_scalar", "IncomingRecords", "KinesisBatchInfo", "PendingConfirmation", "CDKToolkit", "SnapshotName",
    "RESTORE_FROM_CUSTOM_SNAPSHOT", "OpenTableFormatInput", "ReadProvisionedThroughputExceeded",
}  # fmt: skip


@cache
def rooms() -> dict[str, Any]:
    """Return each command line by its room."""
    applications = {
        "simulator": simulator_main.app,
        "glue_jobs": glue_jobs_main.app,
        "laptop": laptop_application(),
        "evaluation": evaluation_main.app,
        "lambdas.allow": allow_main.app,
        "lambdas.dead_letters": dead_letters_main.app,
        "flink_app": flink_main.app,
        "stacks": stacks_main.app,
        "drills": drills_main.app,
        "benchmarks": benchmarks_main.app,
    }
    return {name: typer.main.get_command(application) for name, application in applications.items()}


@cache
def vocabulary() -> set[str]:
    """Return every identifier that a source file mentions, and those that are put together from others."""
    return {*re.findall(r"\w+", vocabulary_text()), *REJECT_REASONS, *questions(), *alarms()}


@cache
def vocabulary_text() -> str:
    """Return the sources as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sources())


@cache
def alarms() -> set[str]:
    """Return the names of the alarms, as the stack spells them."""
    names = set[str]()
    for call in ast.walk(ast.parse((ROOT / "stacks/alarms.py").read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_alarm":
            name = ast.unparse(call.args[1]).removeprefix("f").strip("'")
            kinds, ways = ("Events", "Incidents"), ("Writes", "Reads")
            names |= {name.replace("{name}", kind).replace("{way}", way) for kind in kinds for way in ways}
    return names


def stack_sources() -> str:
    """Return the text of the stacks."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "stacks").rglob("*.py")))


def options_of(command: Any) -> set[str]:
    """Return the options that a command takes."""
    named = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {name for name in named if name.startswith("--")}


def sources() -> Iterator[Path]:
    """Give every file that says what exists: programs, SQL, templates of builds."""
    yield from (ROOT / name for name in ("Makefile", "app.py", "cdk.json", "pyproject.toml"))
    for room in ROOMS:
        yield from (p for p in (ROOT / room).rglob("*") if p.suffix in (".py", ".sql", ".java", ".xml", ".txt"))
