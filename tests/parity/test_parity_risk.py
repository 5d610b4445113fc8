"""The detector and the lake say the same of the same people: which sessions, how risky, and in which words.

The stream tells of elevated and high sessions alone, and in files of a month it sees the whole habit too.
"""

import json
import os
import random
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_rig import ROOT, embedded
from marts_rig import events_in, make_marts
from risk_people import ZONE, month_of_shoppers

from commerce.event import Event, to_line
from commerce.fields import RISK_FIELDS
from commerce.settings import encode
from flink_app.over_files import record_line, risks_in
from flink_app.settings import DetectorSettings

FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"
NOT_OF_THE_MART = {"record_type", "risk_id"}


def from_the_lake(events: list[Event], folder: Path, *, time_zone: str) -> list[dict[str, Any]]:
    """Return what the mart says of the sessions that the stream would tell of."""
    lake = embedded("raw", folder)
    made = make_marts(lake.engine, events_in(to_line(event) for event in events), time_zone=time_zone)
    names = [field.name for field in RISK_FIELDS if field.name not in NOT_OF_THE_MART]
    told = [row for row in made["shopper_risk"].dicts() if row["risk_class"] in ("elevated", "high")]
    return [{name: row[name] for name in names} for row in told]


def from_the_stream(events: list[Event], folder: Path, *, time_zone: str) -> list[dict[str, Any]]:
    """Return what the detector tells of, run in an environment of its own."""
    if not FLINK_PYTHON.exists():
        pytest.skip(f"{FLINK_PYTHON} is not here: run `make setup`")
    settings = DetectorSettings(region="none", events_stream="none", incidents_stream="none", shop_time_zone=time_zone)
    (folder / "settings.json").write_text(json.dumps(encode(settings)))
    # Records arrive some seconds after they happen, and so in another order.
    dice = random.Random(7)
    arriving = sorted(((event.event_time + timedelta(seconds=dice.uniform(0, 9)), event) for event in events), key=_at)
    lines = [record_line(to_line(event), arrived_at) for arrived_at, event in arriving]
    (folder / "records.json").write_text("".join(lines))
    command = [str(FLINK_PYTHON), "-m", "flink_app.over_files", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    read = [vars(signal) for signal in risks_in(folder)]
    assert len({signal["risk_id"] for signal in read}) == len(read)
    return [{name: value for name, value in signal.items() if name not in NOT_OF_THE_MART} for signal in read]


def _at(arriving: tuple[datetime, Event]) -> datetime:
    return arriving[0]


def by_session(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["user_id"], row["began_at"]))


def test_stream_and_lake_say_the_same_of_everybody(tmp_path):
    """To the last digit and letter, in a time zone that is hours away and where the clocks change in that month."""
    events = month_of_shoppers()
    (tmp_path / "stream").mkdir()
    told = by_session(from_the_lake(events, tmp_path / "lake", time_zone=ZONE))
    assert by_session(from_the_stream(events, tmp_path / "stream", time_zone=ZONE)) == told
    assert {row["user_id"]: row["risk_class"] for row in told} == {
        "hasty": "elevated",
        "sleepless": "high",
        "tireless": "elevated",
        "erratic": "elevated",
        "splurging": "elevated",
    }
