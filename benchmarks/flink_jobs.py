"""The jobs whose speed is compared, in Flink's own environment: `python -m benchmarks.flink_jobs NAME JSON`.

All read the same files of lines, with RocksDB and exactly-once checkpoints, and differ in what they make of them.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflink.table import StatementSet, StreamTableEnvironment

from benchmarks.checkpoints import Watch
from commerce.fields import INCIDENT_FIELDS, RISK_FIELDS, TALLY_FIELDS
from commerce.rules import RULES
from commerce.schemas import flink_columns
from commerce.sql.flink import judged_sql
from flink_app.events import CARRIED
from flink_app.over_files import JAR
from flink_app.pipeline import build
from flink_app.settings import DetectorSettings
from flink_app.streams import give_lines
from flink_app.tables import table_environment
from laptop.ports import free_port

Told = Mapping[str, Any]
CORES = 2
CHECKPOINT_SECONDS = 10
NOTHING = "'connector' = 'blackhole'"
SETTINGS = DetectorSettings(region="none", events_stream="none", incidents_stream="none", behavioural_risk=False)
WITH_RISK = replace(SETTINGS, behavioural_risk=True)
# As Managed Flink has them; memory like that of two of its units. The buffers are those of the laptop's cluster: where
# many small tables share one memory, larger ones would be flushed without end (FLINK-19238).
MACHINE = {
    "parallelism.default": str(CORES),
    "state.backend.type": "rocksdb",
    "state.backend.incremental": "true",
    "state.backend.rocksdb.writebuffer.size": "4mb",
    "execution.checkpointing.interval": f"{CHECKPOINT_SECONDS} s",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "taskmanager.memory.managed.size": "2gb",
    "taskmanager.memory.network.min": "256mb",
    "taskmanager.memory.network.max": "256mb",
    # Else code that grew too long is taken apart into methods that call each other for each row.
    "table.generated-code.max-length": "60000",
}


def environment(told: Told) -> StreamTableEnvironment:
    """Return a table environment with the table `records` over the folder's shards, and the port of its REST API."""
    tables = table_environment()
    state = Path(told["state"]).resolve()
    # At the end of its input a job would wait for the next checkpoint: up to ten seconds, by chance. Files need it.
    waits = {"execution.checkpointing.checkpoints-after-tasks-finish.enabled": str(bool(told.get("incidents"))).lower()}
    places = {
        "state.checkpoints.dir": state.as_uri(),
        "io.tmp.dirs": str(state),
        "pipeline.jars": JAR.as_uri(),
        **waits,
    }
    for name, value in {**MACHINE, **places, "rest.bind-port": str(told["port"]), **told.get("flink", {})}.items():
        tables.get_config().set(name, value)
    # As from a stream: the bytes of a record, its shard, and when it arrived, which was after everything happened.
    columns = (
        "record BYTES, shard STRING NOT NULL METADATA FROM 'file.name', "
        "arrived_at AS CAST(TIMESTAMP '2030-01-01 00:00:00' AS TIMESTAMP(3))"
    )
    path = Path(told["records"]).resolve()
    tables.execute_sql(
        f"CREATE TEMPORARY TABLE records ({columns}) "
        f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'raw', "
        "'source.path.regex-pattern' = '.*/shard-.*')"
    )
    return tables


def _sinks(tables: StreamTableEnvironment, told: Told) -> None:
    """Create the detector's sinks: incidents into files where they are wanted, all else into nothing."""
    incidents = files(Path(told["incidents"])) if told.get("incidents") else NOTHING
    for name, fields, where in (
        ("incidents", INCIDENT_FIELDS, incidents),
        ("tallies", TALLY_FIELDS, NOTHING),
        ("risks", RISK_FIELDS, NOTHING),
    ):
        tables.execute_sql(f"CREATE TEMPORARY TABLE {name} ({flink_columns(fields)}) WITH ({where})")


def files(path: Path) -> str:
    """Return the options of a table of JSON files."""
    return f"'connector' = 'filesystem', 'path' = '{path.resolve()}', 'format' = 'json'"


def _detector(tables: StreamTableEnvironment, told: Told) -> StatementSet:
    """Run all rules, which the other jobs are compared with: of behavioural risk they have nothing."""
    _sinks(tables, told)
    return build(tables, rules=RULES, settings=SETTINGS)


def _with_risk(tables: StreamTableEnvironment, told: Told) -> StatementSet:
    """Run all rules and behavioural risk, as stages have it unless they say otherwise."""
    _sinks(tables, told)
    return build(tables, rules=RULES, settings=WITH_RISK)


def _parse_only(tables: StreamTableEnvironment, _told: Told) -> StatementSet:
    """Take every line apart and judge it, and throw it away."""
    give_lines(tables)
    judged = judged_sql(lines="lines", carried=(*CARRIED, "arrived_at"), seal="0123456789abcdef")
    columns = ", ".join(f"{name} STRING" for name in CARRIED)
    columns += ", arrived_at TIMESTAMP(3), event_time_parsed TIMESTAMP(3), reason STRING"
    tables.execute_sql(f"CREATE TEMPORARY TABLE nothing ({columns}) WITH ({NOTHING})")
    statements = tables.create_statement_set()
    statements.add_insert_sql(f"INSERT INTO nothing {judged}")
    return statements


def _naive_sql(tables: StreamTableEnvironment, told: Told) -> StatementSet:
    from benchmarks.naive_rules import build_naive  # noqa: PLC0415  # what one job needs must not weigh on another

    _sinks(tables, told)
    return build_naive(tables, rules=RULES, settings=SETTINGS)


def _python_operator(tables: StreamTableEnvironment, _told: Told) -> StatementSet:
    from benchmarks.python_operator import build_operator  # noqa: PLC0415

    return build_operator(tables)


JOBS: dict[str, Callable[[StreamTableEnvironment, Told], StatementSet]] = {
    "detector": _detector,
    "with_risk": _with_risk,
    "parse_only": _parse_only,
    "naive_sql": _naive_sql,
    "python_operator": _python_operator,
}


def run(name: str, told: Told) -> dict[str, Any]:
    """Run one job from the first line to the last; return its seconds, without planning, and its checkpoints."""
    os.makedirs(told["state"], exist_ok=True)  # noqa: PTH103  # a str, as it came
    port = free_port()
    tables = environment({**told, "port": port})
    statements = JOBS[name](tables, told)
    began = time.perf_counter()
    result = statements.execute()
    watch = Watch(port=port)
    watch.start()
    result.wait()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "checkpoints": watch.finished()}


def main(argv: Sequence[str]) -> None:
    """Run the job that the arguments name; what it took is the last line."""
    name, told = argv
    print("\n" + json.dumps(run(name, json.loads(told))), flush=True)  # noqa: T201  # read by whoever started it


if __name__ == "__main__":
    main(sys.argv[1:])
