"""Bugs planted in the detector's own job: the real one on the real Flink, with a line of it changed.

It reads what a drill would send, with everything untidy, and is held against the drills' oracle.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commerce.settings import encode
from drills.comparison import Allowed, Kind, Wrong, compare
from drills.oracle import Oracle
from drills.platform import must_hold
from drills.traffic import FAMILIES, UNTIDY, Untidy, beacons, traffic
from flink_app.over_files import record_line, states_in
from flink_app.replay.rerun import FLINK_PYTHON
from flink_app.settings import DetectorSettings
from laptop.cloud.starting import ROOT

# In one go, and long after all of it: only the shop's own clock is told by the events.
ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = DetectorSettings(region="none", events_stream="none", incidents_stream="none", behavioural_risk=False)
STREAM = "incidents stream"


@dataclass(frozen=True, kw_only=True)
class JobBug:
    """A bug of the job: which text of which file becomes which other, and how the drills see it."""

    name: str
    file: str
    text: str
    instead: str
    shows: Kind


BUGS = (
    JobBug(
        name="an_event_sent_again_counts_again",
        file="events.py",
        text="CONCAT_WS('|', event_type, user_id, user_session, CAST(event_time_parsed AS STRING))",
        instead="UUID()",
        shows=Kind.DIFFERENT,
    ),
    JobBug(
        name="a_reject_moves_the_time",
        file="events.py",
        text="TIMESTAMP '1970-01-01 00:00:00'",
        instead="TIMESTAMP '2099-01-01 00:00:00'",
        shows=Kind.LOST,
    ),
    JobBug(
        name="an_incident_is_named_after_its_latest_state",
        file="episodes.py",
        text="instant_text(opened_at)",
        instead="instant_text(last_seen_at)",
        shows=Kind.DIFFERENT,
    ),
)


def wrong(folder: Path, bug: JobBug | None = None) -> list[Wrong]:
    """Let the job judge the traffic, with the bug in it; return what the drills find wrong."""
    made = traffic(1, 0, family=FAMILIES[0], untidy=[name for name in UNTIDY if name != Untidy.IDLE])
    # Files have an end, at which the job concludes everything: by then the oracle must have done so as well.
    (last, *_) = beacons(1, opens=made.closes + timedelta(days=1), closes=made.closes + timedelta(days=2))
    records = [*made.records, last]
    expected = Oracle(arrived_at=ARRIVED_AT).take(records)
    (folder / "settings.json").write_text(json.dumps(encode(SETTINGS)))
    (folder / "records.json").write_text("".join(record_line(record.data, ARRIVED_AT) for record in records))
    code = _code(folder / "code", bug)
    command = [str(FLINK_PYTHON), "-m", "flink_app.over_files", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {state.incident_id: 1 for state in states_in(folder)}
    must = must_hold([expected])
    return list(compare(must, replace(must, on_stream=found), Allowed()))


def _code(folder: Path, bug: JobBug | None) -> Path:
    """Return a copy of the job's code, with the bug."""
    for room in ("commerce", "flink_app"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "src", "target"))
    (folder / "build").symlink_to(ROOT / "build")
    if bug is not None:
        file = folder / "flink_app" / bug.file
        assert file.read_text().count(bug.text) == 1
        file.write_text(file.read_text().replace(bug.text, bug.instead))
    return folder


def test_without_a_bug_the_job_says_what_the_oracle_does(tmp_path: Path, short_lived_java: None) -> None:
    """Else a bug that is caught would prove nothing."""
    assert [str(each) for each in wrong(tmp_path)] == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_in_the_job(tmp_path: Path, bug: JobBug, short_lived_java: None) -> None:
    """The comparison names the incidents stream, and how it differs."""
    assert (bug.shows, STREAM) in {(each.kind, each.side) for each in wrong(tmp_path, bug)}
