"""Runs the real detector over a folder: `python -m evaluation.flink_runner FOLDER`, in Flink's own environment.

The folder holds `job.pickle` (rules, known networks) and `records.json`; `incidents` and `tallies` are written to it.
This module alone knows `flink_app`.
"""

import pickle
import shutil
import sys
from pathlib import Path

from commerce.fields import INCIDENT_FIELDS, TALLY_FIELDS
from commerce.schemas import flink_columns
from commerce.settings import decode, encode
from flink_app.pipeline import build
from flink_app.settings import DetectorSettings
from flink_app.tables import table_environment

PARALLELISM = 2


def run(folder: Path) -> None:
    """Run the detector from the first record to the last."""
    rules, known_networks = pickle.loads((folder / "job.pickle").read_bytes())
    settings = settings_with(known_networks)
    tables = table_environment(settings)
    tables.get_config().set("parallelism.default", str(PARALLELISM))
    for output in ("incidents", "tallies"):
        shutil.rmtree(folder / output, ignore_errors=True)
    tables.execute_sql(_files("records", "record BYTES, arrived_at TIMESTAMP(3)", folder / "records.json"))
    tables.execute_sql(_files("incidents", flink_columns(INCIDENT_FIELDS), folder / "incidents"))
    tables.execute_sql(_files("tallies", flink_columns(TALLY_FIELDS), folder / "tallies"))
    build(tables, rules=rules, settings=settings).execute().wait()


def settings_with(known_networks: tuple[str, ...]) -> DetectorSettings:
    """Return the detector's settings; raises ValueError where it cannot be told of known networks."""
    texts = dict.fromkeys(("region", "events_stream", "incidents_stream"), "none")
    texts["known_networks"] = ",".join(known_networks)
    settings = decode(DetectorSettings, texts)
    if known_networks and encode(settings).get("known_networks") != texts["known_networks"]:
        raise ValueError("the detector has no setting known_networks")
    return settings


def _files(table: str, columns: str, path: Path) -> str:
    return (
        f"CREATE TEMPORARY TABLE {table} ({columns}) "
        f"WITH ('connector' = 'filesystem', 'path' = '{path.resolve()}', 'format' = 'json')"
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]))
