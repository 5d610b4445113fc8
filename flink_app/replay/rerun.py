"""Runs the detector over stored records, in a process of Flink's own environment, and says what differs from then."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path

from commerce.incident import Incident, State
from commerce.settings import encode
from flink_app.over_files import JAR, record_line, states_in
from flink_app.replay.stored import Stored
from flink_app.settings import DetectorSettings

_HOUR = timedelta(hours=1)
ROOT = Path(__file__).resolve().parents[2]
FLINK_PYTHON = ROOT / ".venv-flink" / "bin" / "python"


class ReplayError(RuntimeError):
    """A replay that could not be made; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The incidents by what the replay says of them.

    `same` are found then and now, under one id; `otherwise` those of them that were over then and have another end,
    greatest value or severity now.
    """

    records: int
    same: list[Incident]
    otherwise: list[Incident]
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
        judge(folder)
        now = states_in(folder)
    return compared(
        now,
        records=records,
        before=stored.states(first - warm_up, first - _HOUR),
        then=stored.states(first, last),
        later=stored.states(last + _HOUR, last + timedelta(days=1)),
    )


def compared(
    now: Iterable[Incident],
    *,
    records: int,
    before: Iterable[Incident],
    then: Iterable[Incident],
    later: Iterable[Incident],
) -> Difference:
    """Compare states found `now` with those told of `then`, in the hours judged again, `before` and `later`.

    An incident is told of when its pane is over, maybe in the hours after; whatever else those tell of is of later
    records. So is the end of an episode that they tell of: only ends told of `then` can be compared.
    """
    states_then = list(then)
    left_out = {state.incident_id for state in before}
    found, told = ({n: s for n, s in _told(each).items() if n not in left_out} for each in (now, states_then))
    known = told.keys() | {state.incident_id for state in later}
    ends = {state.incident_id: state for state in states_then if state.state == State.CLOSED}
    return Difference(
        records=records,
        same=[states[0] for name, states in found.items() if name in known],
        otherwise=[states[-1] for name, states in found.items() if name in ends and _differ(states[-1], ends[name])],
        only_then=[states[0] for name, states in told.items() if name not in found],
        only_now=[states[0] for name, states in found.items() if name not in known],
    )


def _differ(one: Incident, other: Incident) -> bool:
    told = attrgetter("state", "last_seen_at", "value", "severity", "evidence")
    return bool(told(one) != told(other))


def _told(states: Iterable[Incident]) -> dict[str, list[Incident]]:
    """Return the states of each incident, first to last, in the order of their opening."""
    found: dict[str, list[Incident]] = {}
    for state in sorted(states, key=lambda state: (state.opened_at, state.incident_id, *_place(state))):
        found.setdefault(state.incident_id, []).append(state)
    return found


def _place(state: Incident) -> tuple[int, datetime]:
    return list(State).index(State(state.state)), state.last_seen_at


def _write(path: Path, records: Iterable[tuple[bytes, datetime]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as lines:
        for data, arrived_at in records:
            lines.write(record_line(data, arrived_at))
            count += 1
    return count


def judge(folder: Path) -> None:
    """Let the detector judge the folder's records, with its settings. Raises ReplayError."""
    for needed in (FLINK_PYTHON, JAR):
        if not needed.exists():
            raise ReplayError(f"{needed} is not there: run `make setup`")
    command = [str(FLINK_PYTHON), "-m", "flink_app.over_files", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ReplayError(f"the detector did not come to its end: {said[-1]}")
