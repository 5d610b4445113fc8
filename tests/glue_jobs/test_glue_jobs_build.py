"""Building the marts by what changed gives what building them anew would give, and tells every number that moved."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lake_rig import Lake, embedded, new_bucket, put
from small_shop import Delivery, incidents, small_shop

from glue_jobs.withdraw import withdraw

DECIDED = datetime(2019, 10, 12, tzinfo=UTC)
# Its id, time, user and session.
Seen = tuple[str, str, str, str | None]


class Killed(Exception):
    """Stands for a machine that goes away."""


def give(lake: Lake, *deliveries: Delivery) -> None:
    for delivery in deliveries:
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)


def filled(lake: Lake, deliveries: list[Delivery]) -> Lake:
    give(lake, *deliveries)
    lake.curate()
    lake.build()
    return lake


def test_many_builds_give_the_marts_of_one(s3, tmp_path):
    """Late events, late verdicts and sessions across midnight reach back into days that were built before."""
    deliveries = small_shop(1)
    daily = embedded(new_bucket(), tmp_path / "daily", days_at_once=2)
    for first in range(0, len(deliveries), 4):
        filled(daily, deliveries[first : first + 4])
    assert daily.marts() == filled(embedded(new_bucket(), tmp_path / "once"), deliveries).marts()


def test_a_withdrawn_verdict_brings_the_numbers_back(few_marts, s3, tmp_path):
    """As if it had never been; and the change is told, with the incident that was withdrawn."""
    deliveries = small_shop(0)
    lake = filled(embedded(new_bucket(), tmp_path / "judged"), deliveries)
    judged = lake.marts()
    withdrawn = incidents(deliveries)[0]
    withdraw(lake.engine, withdrawn, because="it was the warehouse's scanner", at=DECIDED)
    lake.build()
    others = [d for d in deliveries if withdrawn not in incidents([d])]
    assert lake.marts() == filled(embedded(new_bucket(), tmp_path / "never"), others).marts()
    told = lake.rows("SELECT * FROM restatements ORDER BY restatement_id")
    assert {(row["cause"], tuple(row["incident_ids"])) for row in told} == {("verdict", (withdrawn,))}
    withdraw(lake.engine, withdrawn, because="it was none", at=DECIDED + timedelta(days=1), undo=True)
    lake.build()
    assert lake.marts() == judged


def test_a_build_killed_anywhere_and_run_again_gives_the_same_tables(few_marts, s3, tmp_path):
    """Every step is a place to die; what was told about changes is told once all the same."""
    deliveries = small_shop(4)
    half = len(deliveries) // 2
    undisturbed = filled(embedded(new_bucket(), tmp_path / "undisturbed"), deliveries[:half])
    give(undisturbed, *deliveries[half:])
    undisturbed.curate()
    steps: list[str] = []
    undisturbed.build(reached=steps.append)

    lake = filled(embedded(new_bucket(), tmp_path / "killed"), deliveries[:half])
    give(lake, *deliveries[half:])
    lake.curate()
    # Every third step: each behaves like its neighbours, and each costs a build.
    for step in (*list(dict.fromkeys(steps[:-1]))[::3], "verdicts"):
        with pytest.raises(Killed):
            lake.build(reached=_killer(step))
    lake.build()
    told = "SELECT * FROM restatements ORDER BY restatement_id"
    assert lake.marts() == undisturbed.marts()
    assert lake.rows(told) == undisturbed.rows(told)
    assert lake.build() == {"days": 0, "restatements": 0}


def test_a_day_that_only_the_sessions_knew_of_is_not_forgotten(few_marts, s3, tmp_path):
    """A late event takes a visit to the day before; a build that dies behind the sessions must not lose sight of it."""
    lake = embedded(new_bucket(), tmp_path)
    for object_name, events in (
        ("first", [("a", "2019-10-04T12:00:00", "x", "x1"), ("b", "2019-10-05T00:10:00", "y", "y1")]),
        ("late", [("c", "2019-10-04T23:50:00", "y", "y1")]),
    ):
        put(lake.settings.raw_bucket, f"raw/events/2019/10/06/00/{object_name}.jsonl.gz", b"".join(map(_line, events)))
        lake.curate()
        with pytest.raises(Killed):
            lake.build(reached=_killer("sessions"))
        lake.build()
    visits = lake.rows("SELECT day, visits FROM daily_visitors WHERE reading = 'all_traffic' ORDER BY day")
    assert visits == [{"day": date(2019, 10, 4), "visits": 2}, {"day": date(2019, 10, 5), "visits": 0}]


def test_visits_around_midnight_are_those_of_one_build(few_marts: None, s3: str, tmp_path: Path) -> None:
    """A pause of less than half an hour joins two days; a tracked visit meanwhile is another, counted once."""
    evening: list[Seen] = [("a", "2019-10-04T23:30:00", "x", None), ("b", "2019-10-04T23:35:00", "x", "x1")]
    evening += [("c", "2019-10-04T23:40:00", "x", None)]
    night: list[Seen] = [("d", "2019-10-05T00:09:00", "x", None)]
    daily, once = embedded(new_bucket(), tmp_path / "daily"), embedded(new_bucket(), tmp_path / "once")
    for number, events in enumerate((evening, night), start=5):
        for lake in (daily, once):
            key = f"raw/events/2019/10/0{number}/00/x.jsonl.gz"
            put(lake.settings.raw_bucket, key, b"".join(map(_line, events)))
        daily.curate()
        daily.build()
    once.curate()
    once.build()
    visits = "SELECT tracked, events FROM sessions WHERE reading = 'people_only' ORDER BY tracked"
    assert daily.rows(visits) == [{"tracked": False, "events": 3}, {"tracked": True, "events": 1}]
    assert daily.marts() == once.marts()


def test_a_day_still_running_grows_and_is_not_restated(few_marts, s3, tmp_path):
    """Nobody takes the first two hours of a day for the day; once it is over, what changes is told."""
    lake = embedded(new_bucket(), tmp_path)
    told = []
    for number, at in enumerate((5, 6, 7)):
        line = _line((f"e{number}", f"2019-10-05T0{number}:00:00", "x", "x1"))
        put(lake.settings.raw_bucket, f"raw/events/2019/10/0{at}/02/{number}.jsonl.gz", line)
        lake.curate()
        lake.build(at=datetime(2019, 10, at, 3, tzinfo=UTC))
        told.append(
            lake.rows("SELECT DISTINCT was, now FROM restatements WHERE number = 'events' AND mart = 'daily_visitors'")
        )
    assert told == [[], [], [{"was": "2", "now": "3"}]]


def test_only_the_days_touched_are_computed_again(few_marts, s3, tmp_path):
    """A shop of ten years must not pay for all of them every night."""
    lake = filled(embedded(new_bucket(), tmp_path), small_shop(1))
    lines = b'{"event_id":"late","event_time":"2019-10-05T12:00:00.000Z","event_type":"view","product_id":"1",'
    lines += b'"price":"1.00","user_id":"somebody-new"}\n'
    before = lake.rows("SELECT day, built_at FROM built_days ORDER BY day")
    put(lake.settings.raw_bucket, "raw/events/2019/10/20/00/late.jsonl.gz", lines)
    lake.curate()
    assert len(before) >= 4
    days = lake.build()["days"]
    assert days <= 3  # the day itself, and those of sessions that reach into it from the days beside
    told = lake.rows("SELECT DISTINCT period_start, cause, reading FROM restatements WHERE mart = 'daily_visitors'")
    assert told == [
        {"period_start": date(2019, 10, 5), "cause": "events", "reading": reading}
        for reading in sorted({row["reading"] for row in told})
    ]


def test_each_change_is_told_with_what_was_and_what_is(few_marts, s3, tmp_path):
    """From the first number, the restatements lead to the present one: nothing moved unseen."""
    deliveries = small_shop(2)
    lake = embedded(new_bucket(), tmp_path)
    seen: dict[tuple, str] = {}
    told_before: set[str] = set()
    for first in range(0, len(deliveries), 4):
        filled(lake, deliveries[first : first + 4])
        now = _numbers(lake)
        told = lake.rows(f"SELECT * FROM restatements WHERE mart = '{MART}'")
        told = [row for row in told if row["restatement_id"] not in told_before]
        told_before |= {row["restatement_id"] for row in told}
        changes = {(row["reading"], row["period_start"], row["number"]): row for row in told}
        moved = {key for key in now if key in seen and seen[key] != now[key]}
        assert {key: (row["was"], row["now"]) for key, row in changes.items()} == {
            key: (seen[key], now[key]) for key in moved
        }
        seen = now


MART = "daily_revenue"


def _numbers(lake: Lake) -> dict[tuple, str]:
    rows = lake.rows(f"SELECT * FROM {MART}")
    return {
        (row["reading"], row["day"], name): "" if value is None else str(value)
        for row in rows
        for name, value in row.items()
        if name not in ("reading", "day")
    }


def _line(event: Seen) -> bytes:
    event_id, time, user, session = event
    given = {"event_id": event_id, "event_time": f"{time}.000Z", "user_id": user, "user_session": session}
    return json.dumps({**given, "event_type": "view", "product_id": "1", "price": "1.00"}).encode() + b"\n"


def _killer(step: str):
    def reached(now: str) -> None:
        if now.startswith(step):
            raise Killed(step)

    return reached
