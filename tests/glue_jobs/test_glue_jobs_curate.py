"""Raw objects become the lake's tables, whatever order, repetition or interruption they meet."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_rig import SCENARIOS, Lake, deliver, embedded, expected, found, new_bucket, put
from signals import risk
from verdicts_rig import OPENED, incident

from commerce.event import parse
from commerce.incident import to_line
from commerce.rejects import MAX_LINE_CHARACTERS, Reject
from glue_jobs.engine import EngineError, open_engine
from glue_jobs.raw import RawBucket, RawError
from glue_jobs.settings import LakeSettings

STEPS = (
    "leftovers: events",
    "leftovers: rejects",
    "events: judged",
    "events: events",
    "events: rejects",
    "events: runs",
    "incidents: incidents",
    "incidents: tallies",
    "incidents: risks",
    "incidents: rejects",
    "incidents: runs",
)


class Killed(Exception):
    """Stands for a machine that goes away."""


def killer(step: str):
    def reached(now: str) -> None:
        if now == step:
            raise Killed(step)

    return reached


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_gives_the_tables_it_says(scenario, s3, tmp_path):
    """The expected tables and the reason why a row is absent stand beside the input."""
    bucket = new_bucket()
    deliver(bucket, scenario)
    lake = embedded(bucket, tmp_path)
    lake.curate()
    lake.build()
    assert found(lake) == expected(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_a_day_gives_the_tables_of_a_rebuild(scenario, s3, tmp_path):
    """Otherwise the same question has two answers, one before and one after a rebuild from raw."""
    bucket = new_bucket()
    daily = embedded(bucket, tmp_path / "daily")
    for day in ("2019/10/02", "2019/10/03", "9"):
        deliver(bucket, scenario, before=day)
        daily.curate()
    rebuilt = embedded(bucket, tmp_path / "rebuilt")
    rebuilt.curate()
    assert daily.tables() == rebuilt.tables()


def test_a_second_run_takes_nothing(s3, tmp_path):
    """A job that Glue starts twice must not count twice."""
    bucket = new_bucket()
    deliver(bucket, "one_day")
    lake = embedded(bucket, tmp_path)
    lake.curate()
    before = lake.tables()
    assert set(lake.curate().values()) == {0}
    assert lake.tables() == before


@pytest.mark.parametrize(("more", "reasons"), [(0, []), (1, [{"reason": "too_long"}])])
def test_a_line_may_be_as_long_as_the_longest_and_no_longer(
    more: int, reasons: list[dict[str, str]], s3: str, tmp_path: Path
) -> None:
    """The detector counts to the same character: it must not judge what the lake refuses."""
    lake = embedded(new_bucket(), tmp_path)
    event = b'{"event_id":"a","event_time":"2019-10-01T00:00:00.000Z","event_type":"view","product_id":"1",'
    event += b'"price":"1","user_id":"u"}'
    line = event + b" " * (MAX_LINE_CHARACTERS - len(event) + more)
    put(lake.settings.raw_bucket, "raw/events/2019/10/01/01/x.gz", line)
    lake.curate()
    assert lake.rows("SELECT reason FROM rejects") == reasons


def test_an_event_is_known_by_its_id_on_whatever_day_it_comes_again(s3: str, tmp_path: Path) -> None:
    """A sender that tries again past midnight may stamp the time anew; it is one purchase all the same."""
    lake = embedded(new_bucket(), tmp_path)
    for day in ("01", "02"):
        line = f'{{"event_id":"a","event_time":"2019-10-{day}T00:00:00.000Z","event_type":"purchase",'
        line += '"product_id":"1","price":"1","user_id":"u"}'
        put(lake.settings.raw_bucket, f"raw/events/2019/10/{day}/01/x.gz", line.encode())
        lake.curate()
    assert lake.rows("SELECT CAST(event_day AS VARCHAR) AS day FROM events") == [{"day": "2019-10-01"}]
    assert lake.rows("SELECT events, duplicates FROM runs ORDER BY source_object") == [
        {"events": 1, "duplicates": 0},
        {"events": 0, "duplicates": 1},
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_incident_keeps_its_highest_severity(order, s3, tmp_path):
    """It was critical for a while, whatever the state says that came last."""
    severities = ("medium", "critical", "low")
    states = [
        replace(incident("user", "u"), severity=severity, state=state, last_seen_at=OPENED + timedelta(minutes=minute))
        for minute, (severity, state) in enumerate(zip(severities, ("open", "extended", "closed"), strict=True))
    ]
    lake = embedded(new_bucket(), tmp_path)
    for number, place in enumerate(order):
        put(lake.settings.raw_bucket, f"raw/incidents/2019/10/01/0{number}/x.gz", to_line(states[place]))
        lake.curate()
    kept = lake.rows("SELECT severity, state FROM incidents")
    assert kept == [{"severity": "critical", "state": "closed"}]


def test_a_signal_of_risk_is_kept_once_and_refused_never(s3, tmp_path):
    """The stream delivers at least once, and what speaks of a person is not to be taken for broken."""
    lake = embedded(new_bucket(), tmp_path)
    for hour in range(2):
        lines = b"\n".join((to_line(risk("u1")), to_line(risk("u2")), to_line(risk("u1"))))
        put(lake.settings.raw_bucket, f"raw/incidents/2019/10/01/0{hour}/x.gz", lines)
        lake.curate()
    kept = lake.rows("SELECT user_id, fatigue, nocturnal FROM risk_signals ORDER BY user_id")
    assert kept == [{"user_id": name, "fatigue": 1.0, "nocturnal": None} for name in ("u1", "u2")]
    assert lake.rows("SELECT * FROM rejects") == []


@pytest.fixture(scope="module")
def both_feeds(s3) -> str:
    """Return a bucket with events, rejects, incidents and tallies to lose."""
    bucket = new_bucket()
    for scenario in ("incidents", "resent_and_late", "one_day"):
        deliver(bucket, scenario)
    return bucket


@pytest.fixture(scope="module")
def undisturbed(both_feeds, tmp_path_factory) -> dict:
    """Return the tables of a run that nothing happened to, an object a commit."""
    lake = embedded(both_feeds, tmp_path_factory.mktemp("undisturbed"), batch_megabytes=0)
    lake.curate()
    return lake.tables()


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_anywhere_and_run_again_gives_the_same_tables(step, both_feeds, undisturbed, tmp_path):
    """Machines go away between any two commits; nothing may be lost, doubled or counted differently."""
    lake = embedded(both_feeds, tmp_path, batch_megabytes=0)
    with pytest.raises(Killed):
        lake.curate(killer(step))
    embedded(both_feeds, tmp_path, batch_megabytes=0).curate()
    assert embedded(both_feeds, tmp_path).tables() == undisturbed


def test_the_size_of_a_batch_changes_no_table(both_feeds, undisturbed, tmp_path):
    """The memory a job is given must not show in the answers."""
    lake = embedded(both_feeds, tmp_path, batch_megabytes=64)
    lake.curate()
    assert lake.tables() == undisturbed


IDS = st.sampled_from(["a", "b", "c", "d", ""])
LINES = st.one_of(
    IDS.map(
        lambda i: (
            f'{{"event_id":"{i}","event_time":"2019-10-01T00:00:00.000Z","event_type":"view",'
            '"product_id":"1","price":"1","user_id":"u"}'
        ).encode()
    ),
    st.binary(max_size=12).filter(lambda b: b"\n" not in b),
    st.sampled_from([b"", b" ", b"\t\r"]),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(objects=st.lists(st.lists(LINES, max_size=8), min_size=1, max_size=3), split=st.integers(0, 3))
def test_every_record_is_an_event_a_reject_or_a_duplicate(objects, split, s3, tmp_path_factory):
    """Nothing vanishes: the account agrees with the reference parser, line by line, over any number of runs."""
    bucket = new_bucket()
    lake = embedded(bucket, tmp_path_factory.mktemp("any"))
    for number, lines in enumerate(objects):
        put(bucket, f"raw/events/2019/10/01/{number:02d}/x.gz", b"\n".join(lines))
        if number == split:
            lake.curate()
    lake.curate()
    wanted = _account(objects)
    sums = "SUM(records) AS records, SUM(events) AS events, SUM(rejects) AS rejects, SUM(duplicates) AS duplicates"
    counted = lake.rows(f"SELECT {sums} FROM runs")[0]
    assert {name: int(value or 0) for name, value in counted.items()} == {name: wanted[name] for name in counted}
    assert wanted["records"] == wanted["events"] + wanted["rejects"] + wanted["duplicates"]
    kept = Counter(row["line"] for row in lake.rows("SELECT line FROM rejects"))
    assert kept == wanted["lines"]


def _account(objects: list[list[bytes]]) -> dict:
    """Count with the reference parser and a set."""
    records = [line for lines in objects for line in b"\n".join(lines).split(b"\n") if line.strip(b" \t\r")]
    read = [(line, parse(line, arrived_at=datetime(2019, 10, 1, 4, tzinfo=UTC))) for line in records]
    events = {event.event_id for _, event in read if not isinstance(event, Reject)}
    refused = Counter(line for line, event in read if isinstance(event, Reject))
    counts = {"records": len(records), "events": len(events), "rejects": refused.total()}
    return {**counts, "duplicates": len(records) - len(events) - refused.total(), "lines": refused}


def test_an_object_outside_the_hours_is_named(s3, tmp_path):
    """Its arrival hour is unknown, so its events could not be judged; skipping it would lose them."""
    bucket = new_bucket()
    put(bucket, "raw/events/notes.txt", b"x")
    with pytest.raises(RawError, match=r"raw/events/notes.txt is not below an hour"):
        embedded(bucket, tmp_path).curate()


def test_an_object_that_is_no_gzip_is_named(s3, tmp_path):
    """One line that says which object, instead of a trace from the depths of zlib."""
    import boto3

    bucket = new_bucket()
    boto3.client("s3").put_object(Bucket=bucket, Key="raw/events/2019/10/01/00/x.gz", Body=b"plain")
    with pytest.raises(RawError, match=r"00/x.gz is no gzip file"):
        embedded(bucket, tmp_path).curate()


@pytest.mark.parametrize("name", ["my projects", "Müller", "o'clock", "a[b]c"])
def test_a_lake_lies_where_it_is_told_to(name, s3, tmp_path):
    """People call their folders as they like; what is written there is found again, now and by the next run."""
    bucket = new_bucket()
    deliver(bucket, "one_day")
    embedded(bucket, tmp_path / name).curate()
    lake = embedded(bucket, tmp_path / name)
    lake.build()
    assert found(lake) == expected("one_day")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["half%", "c#", "what?", "a*"])
def test_a_lake_whose_path_would_be_read_otherwise_is_refused(name, tmp_path):
    """Its files would be written to one place and looked for in another."""
    with pytest.raises(EngineError, match="choose another folder"):
        embedded("b", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_cannot_read_a_catalog_says_which_can(tmp_path):
    """The settings come from a template far away from the engine."""
    chosen = LakeSettings(raw_bucket="r", warehouse=str(tmp_path), database="d", engine="spark", catalog="sqlite")
    with pytest.raises(EngineError, match="use duckdb with sqlite or glue"):
        open_engine(chosen, raw=RawBucket(name="r"), environment={})


def test_an_empty_bucket_gives_an_empty_lake(s3, tmp_path):
    """The first night of a new shop is no error."""
    lake: Lake = embedded(new_bucket(), tmp_path)
    assert set(lake.curate().values()) == {0}
    assert set(lake.build().values()) == {0}
    assert not any(lake.tables().values())
    assert not any(lake.marts().values())
