"""Runs the detector over stored records, in a process of Flink's own environment, and says what differs from then."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from commerce.incident import Incident
from commerce.settings import encode
from flink_app.over_files import record_line, states_in
from flink_app.replay.stored import Stored
from flink_app.settings import DetectorSettings

ROOT = Path(__file__).resolve().parents[2]
FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"


class ReplayError(RuntimeError):
    """A replay that could not be made; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The incidents by what the replay says of them. `same` are found then and now, under one id."""

    records: int
    same: list[Incident]
    only_then: list[Incident]
    only_now: list[Incident]


def replay(
    stored: Stored, *, first: datetime, last: datetime, warm_up: timedelta, settings: DetectorSettings
) -> Difference:
    """Judge what arrived in these hours again. Raises ReplayError.

    Rules look back for hours, so what arrived in the `warm_up` before is read along; incidents that were told of in
    that time are left out on both sides.
    """
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        records = _write(folder / "records.json", stored.records(first - warm_up, last))
        (folder / "settings.json").write_text(json.dumps(encode(settings)))
        _run(folder)
        now = _first_states(states_in(folder))
    before = stored.incidents(first - warm_up, first - timedelta(hours=1))
    now = _without(now, before)
    then = _without(stored.incidents(first, last), before)
    # An incident is told of when its pane is over, maybe in the hours after. Whatever else those tell of is of later
    # records.
    told_later = stored.incidents(last + timedelta(hours=1), last + timedelta(days=1))
    known = then.keys() | told_later.keys()
    return Difference(
        records=records,
        same=[now[name] for name in now if name in known],
        only_then=[then[name] for name in then if name not in now],
        only_now=[now[name] for name in now if name not in known],
    )


def _without(incidents: Mapping[str, Incident], others: Mapping[str, Incident]) -> dict[str, Incident]:
    return {name: incident for name, incident in incidents.items() if name not in others}


def _first_states(states: Iterable[Incident]) -> dict[str, Incident]:
    """Return each incident as it was told of first, in the order of their opening."""
    found: dict[str, Incident] = {}
    for state in sorted(states, key=lambda state: (state.opened_at, state.incident_id, state.last_seen_at)):
        found.setdefault(state.incident_id, state)
    return found


def _write(path: Path, records: Iterable[tuple[bytes, datetime]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as lines:
        for data, arrived_at in records:
            lines.write(record_line(data, arrived_at))
            count += 1
    return count


def _run(folder: Path) -> None:
    if not FLINK_PYTHON.exists():
        raise ReplayError(f"Flink is not at {FLINK_PYTHON.parent.parent}: run `make setup`")
    command = [str(FLINK_PYTHON), "-m", "flink_app.over_files", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ReplayError(f"the detector did not come to its end: {said[-1]}")
