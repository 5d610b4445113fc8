"""Stored traffic judged again: the same rules say the same, other rules say what they would change."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from lake_rig import new_bucket, put
from typer.testing import CliRunner

from commerce.incident import Incident, State
from commerce.incident import to_line as incident_line
from commerce.rules import REQUEST_FLOOD, RULES_BY_NAME
from commerce.settings import encode
from evaluation.engines import QuickEngine
from evaluation.observed import from_record
from flink_app.__main__ import app
from flink_app.over_files import record_line, states_in
from flink_app.replay.rerun import Difference, compared, judge
from flink_app.replay.stored import Stored
from flink_app.settings import DetectorSettings
from laptop.firehose.prefixes import object_name, prefix_at
from simulator.generate import records
from simulator.options import Options
from simulator.record import Record

BEGIN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
BUFFERED_MINUTES = 15
RAISED = "[request_flood]\nevents = 100000\n"
Arrived = tuple[bytes, datetime]


@cache
def traffic() -> list[Record]:
    """Return the records of an hour with a flood and two other attacks in it: they lie below two hours of the clock."""
    attacks = {"request_flood": 1, "catalogue_scraping": 1, "card_testing": 1}
    return list(records(Options(start=BEGIN, hours=1, events=700, attacks=attacks, sale=False, late=0.01)))


def shop() -> list[Arrived]:
    """Return the records, and when each arrived: some came late."""
    found, arrived_at = [], BEGIN
    for record in traffic():
        arrived_at = max(arrived_at, record.event_time or arrived_at)
        found.append((record.data, arrived_at))
    return found


def deliver(bucket: str, feed: str, arrived: Iterable[Arrived]) -> None:
    """Write lines as Firehose does: gzip objects, a buffer's time each, below the hour in which that began."""
    objects: dict[datetime, list[bytes]] = defaultdict(list)
    for line, at in arrived:
        objects[at - (at - BEGIN) % timedelta(minutes=BUFFERED_MINUTES)].append(line + b"\n")
    for begun, lines in objects.items():
        name = object_name(feed, version="1", arrived_at=begun, shard="0", first=str(begun), last="")
        put(bucket, f"{prefix_at(f'raw/{feed}/', arrived_at=begun)}{name}.gz", b"".join(lines))


def test_what_came_after_the_hour_in_the_hours_object_is_not_put_back_into_it(s3: str) -> None:
    """An object is named after its first record: those of the next minutes would all be judged in one moment."""
    bucket, begun = new_bucket(), datetime(2026, 3, 1, 8, 58, tzinfo=UTC)
    name = object_name("events", version="1", arrived_at=begun, shard="0", first="1", last="2")
    put(bucket, f"{prefix_at('raw/events/', arrived_at=begun)}{name}.gz", b"at 08:58\nat 09:03\n")
    found = list(Stored(bucket=bucket).records(begun, begun))
    assert [line for line, _ in found] == [b"at 08:58", b"at 09:03"]
    assert {arrived_by for _, arrived_by in found} == {datetime(2026, 3, 1, 9, 15, tzinfo=UTC)}


def arrival(state: Incident) -> datetime:
    """Return when a detector that runs along tells of this state: at the end of its pane, or of the quiet gap."""
    quiet = RULES_BY_NAME[state.rule].gap_seconds if state.state == State.CLOSED else 0
    return state.last_seen_at + timedelta(seconds=10 + quiet)


def flood() -> Incident:
    """Return the flood among the records, as it was told of while the threshold was the usual one."""
    detector = QuickEngine().begin(rules=[REQUEST_FLOOD], known_networks=(), name="then")
    for record in traffic():
        detector.take(record, from_record(record))
    (found,) = detector.finish()
    who = {"incident_id": found.incident_id, "subject": found.subject}
    return told(episode("open", **who, opened_at=found.opened_at, last_seen_at=found.opened_at))


@dataclass(frozen=True)
class Run:
    """What the detector found with a threshold raised, what it had found before, and the raw bucket."""

    bucket: str
    states: list[Incident]
    flood: Incident


@pytest.fixture(scope="module")
def then(s3, short_lived_java, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the detector over the records as they arrive, and store what went in and what came out.

    A flood is stored as well, which it does not find with the threshold it has.
    """
    folder: Path = tmp_path_factory.mktemp("then")
    arrived = shop()
    (folder / "records.json").write_text("".join(record_line(*each) for each in arrived))
    raised = ("request_flood.events=100000",)
    settings = DetectorSettings(
        region="none", events_stream="none", incidents_stream="none", behavioural_risk=False, threshold_overrides=raised
    )
    (folder / "settings.json").write_text(json.dumps(encode(settings)))
    judge(folder)
    run = Run(new_bucket(), sorted(states_in(folder), key=arrival), flood())
    deliver(run.bucket, "events", arrived)
    stored = sorted([*run.states, run.flood], key=arrival)
    deliver(run.bucket, "incidents", ((incident_line(state), arrival(state)) for state in stored))
    later = (replace(state, incident_id=f"later-{state.incident_id}") for state in stored)
    deliver(run.bucket, "incidents", ((incident_line(state), arrival(state) + timedelta(hours=4)) for state in later))
    return run


@pytest.fixture(scope="module")
def found(then: Run, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Return what a replay says with the threshold raised."""
    rules: Path = tmp_path_factory.mktemp("rules") / "rules.toml"
    rules.write_text(RAISED)
    words = ["--from", "2026-03-01", "--to", "2026-03-01T10", "--raw-bucket", then.bucket, "--rules", str(rules)]
    answer = CliRunner().invoke(app, ["replay", *words, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


def test_the_same_rules_find_the_same_incidents(then, found):
    """Under the same ids, with the same ends and values: whoever doubts an incident can have it found again.

    What later records led to is none that these could have given, and is not missed.
    """
    assert set(found["same"]) == {state.incident_id for state in then.states}
    assert (found["otherwise"], found["only_now"]) == ([], [])
    assert found["records"] == len(shop())
    over = [state for state in then.states if state.state == State.CLOSED]
    assert {state.rule for state in over} == {"catalogue_scraping", "card_testing"}
    assert all(arrival(state) < BEGIN + timedelta(hours=2) for state in over), "their ends are compared"


def test_other_thresholds_show_what_they_would_change(then, found):
    """Before a threshold is changed for real, stored traffic says what it would have done."""
    assert (found["only_then"], found["only_now"]) == ([then.flood.incident_id], [])


@pytest.mark.parametrize(
    "change",
    [
        {"last_seen_at": BEGIN + timedelta(minutes=9)},
        {"value": 201.0},
        {"severity": "critical"},
        {"evidence": '{"events": 201}'},
    ],
)
def test_an_incident_that_ends_otherwise_is_told(change):
    """A rule that lets go of an attack earlier finds it under the same id."""
    states = [episode("open"), episode("closed", value=200.0)]
    assert difference(states, then=states).otherwise == []
    assert difference(states, then=[states[0], episode("closed", value=200.0) | change]).otherwise == [told(states[1])]


def test_an_end_that_was_not_told_of_cannot_differ():
    """The records end, and so the replay's episodes: then the attack went on."""
    found = difference(
        [episode("open"), episode("closed")], then=[episode("open")], later=[episode("closed", value=9.0)]
    )
    assert (len(found.same), found.otherwise, found.only_then, found.only_now) == (1, [], [], [])


def test_a_bucket_that_is_not_there_is_refused_in_one_line(s3):
    """A mistyped name is the likeliest mistake of all."""
    asked = ["replay", "--from", "2026-03-01", "--to", "2026-03-01", "--raw-bucket", "no-such-bucket"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 1
    assert "NoSuchBucket" in answer.output
    assert answer.output.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--from", "yesterday"], "'yesterday' is no hour: write 2025-03-03 or 2025-03-03T08"),
        (["--rules", "no-such.toml"], "No such file"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(words, line):
    """A stack trace helps nobody who mistyped a date."""
    answer = CliRunner().invoke(
        app, ["replay", "--from", "2026-03-01", "--to", "2026-03-01", "--raw-bucket", "b", *words]
    )
    assert answer.exit_code == 1
    assert line in answer.output
    assert answer.output.count("\n") == 1


def episode(state: str, **changes: object) -> dict[str, object]:
    """Return the fields of a state of one flood."""
    values: dict[str, object] = {
        "incident_id": "i1",
        "rule": "request_flood",
        "rule_version": 1,
        "subject_type": "user",
        "subject": "u1",
        "state": state,
        "severity": "high",
        "opened_at": BEGIN,
        "last_seen_at": BEGIN + timedelta(minutes=5 if state == "closed" else 0),
        "window_seconds": 60,
        "value": 130.0,
        "threshold": 120.0,
        "evidence": "{}",
        "sample_event_ids": (),
        "sentence": "",
    }
    return values | changes


def told(state: dict[str, object]) -> Incident:
    return Incident(**state)  # type: ignore[arg-type]


def difference(now: list[dict], *, then: list[dict], later: Iterable[dict] = ()) -> Difference:
    return compared(map(told, now), records=0, before=[], then=list(map(told, then)), later=list(map(told, later)))
