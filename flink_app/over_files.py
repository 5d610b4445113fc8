"""The detector between files instead of streams: what a replay, an evaluation and the tests run.

`python -m flink_app.over_files FOLDER` reads `settings.json` and `records.json` there, and writes `incidents`. It runs
in Flink's own environment; whoever starts it need not have Flink.
"""

import base64
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from commerce.event import format_instant
from commerce.fields import INCIDENT_FIELDS, RISK_FIELDS, TALLY_FIELDS
from commerce.incident import Incident, RiskSignal, Tally, parse
from commerce.rules import RULES
from commerce.rules.rule import Rule, with_thresholds
from commerce.schemas import flink_columns
from commerce.settings import decode
from flink_app.settings import DetectorSettings

if TYPE_CHECKING:
    from pyflink.table import StatementSet, StreamTableEnvironment

JAR = Path(__file__).resolve().parent.parent / "build" / "jars" / "flink" / "floorwalker-detector.jar"
# Files are read within minutes: taking generated code apart, so that Java may optimise it, costs more than it saves.
SHORT_LIVED = {"parallelism.default": "1", "table.generated-code.max-length": "60000"}
OUTPUTS = {"incidents": INCIDENT_FIELDS, "tallies": TALLY_FIELDS, "risks": RISK_FIELDS}


def record_line(data: bytes, arrived_at: datetime, *, shard: str | None = None) -> str:
    """Return one line of `records.json`: a record's bytes, when it arrived, and of which shard it is, if of any."""
    arrival = format_instant(arrived_at).replace("T", " ").removesuffix("Z")
    return json.dumps({"record": base64.b64encode(data).decode(), "arrived_at": arrival, "shard": shard}) + "\n"


def detect(
    folder: Path, *, rules: Sequence[Rule], settings: DetectorSettings, flink: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Judge all of the folder's records; `flink` are Flink's own options. Needs PyFlink."""
    _, statements = between_files(folder, rules=rules, settings=settings, flink=flink)
    statements.execute().wait()


def between_files(
    folder: Path,
    *,
    rules: Sequence[Rule],
    settings: DetectorSettings,
    flink: Mapping[str, str] = MappingProxyType({}),
    growing: bool = False,
) -> "tuple[StreamTableEnvironment, StatementSet]":
    """Return the detector reading and writing the folder's files, not yet running.

    Of a `growing` folder, `records.json` is a folder too, and a run has no end: it waits for files to come. What runs
    before have written stays.
    """
    from flink_app.pipeline import build  # noqa: PLC0415  # not there where only files are read or written
    from flink_app.tables import table_environment  # noqa: PLC0415

    tables = table_environment()
    for name, value in {**SHORT_LIVED, "pipeline.jars": JAR.as_uri(), **flink}.items():
        tables.get_config().set(name, value)
    columns = "record BYTES, arrived_at TIMESTAMP(3), shard STRING"
    waiting = {"source.monitor-interval": "200 ms"} if growing else {}
    tables.execute_sql(_files("records", columns, folder / "records.json", waiting))
    for output, fields in OUTPUTS.items():
        if not growing:
            shutil.rmtree(folder / output, ignore_errors=True)
        tables.execute_sql(_files(output, flink_columns(fields), folder / output))
    return tables, build(tables, rules=rules, settings=settings)


def states_in(folder: Path) -> list[Incident]:
    """Return every state of every incident that was written, in no order."""
    return [state for state in _written(folder / "incidents") if isinstance(state, Incident)]


def risks_in(folder: Path) -> list[RiskSignal]:
    """Return every signal of behavioural risk that was written, in no order."""
    return [signal for signal in _written(folder / "risks") if isinstance(signal, RiskSignal)]


def _written(output: Path) -> Iterator[Incident | Tally | RiskSignal]:
    for path in sorted(output.rglob("part-*")):
        yield from (parse(line) for line in path.read_bytes().splitlines())


def _files(table: str, columns: str, path: Path, more: Mapping[str, str] = MappingProxyType({})) -> str:
    options = {"connector": "filesystem", "path": str(path.resolve()), "format": "json", **more}
    told = ", ".join(f"'{name}' = '{value}'" for name, value in options.items())
    return f"CREATE TEMPORARY TABLE {table} ({columns}) WITH ({told})"


if __name__ == "__main__":
    place = Path(sys.argv[1])
    told = decode(DetectorSettings, json.loads((place / "settings.json").read_text()))
    detect(place, rules=with_thresholds(RULES, told.threshold_overrides), settings=told)
