"""What a table is kept for: older rows go, with a note of it, and nothing else changes by that."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_rig import LONG_AFTER, Lake, Saved, embedded, new_bucket, put

from commerce.arrival import Hours
from commerce.event import Event, to_line
from commerce.incident import Incident
from commerce.incident import to_line as incident_line
from commerce.settings import SettingsError
from glue_jobs.asking import ask
from glue_jobs.erase import Erase
from glue_jobs.jobs import JobError, run_job
from glue_jobs.ledger import LakeAccount, LakeLedger
from glue_jobs.raw import RawBucket
from glue_jobs.settings import Order, kept_days
from glue_jobs.tables import EVENTS, REJECTS
from glue_jobs.upkeep import Upkeep

FIRST = date(2019, 10, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(10)]
# Three whole days are older than that then.
TODAY = datetime(2019, 12, 3, 3, tzinfo=UTC)
KEPT = ("events=60", "rejects=60")
LATE = datetime(2019, 10, 8, 13, tzinfo=UTC)


def event(name: str, at: datetime, *, user_id: str = "u1", event_type: str = "view") -> bytes:
    made = Event(event_id=name, event_time=at, event_type=event_type, product_id="1", price="2.50", user_id=user_id)  # type: ignore[arg-type]
    return to_line(made)


def key(day: date, hour: int, *, feed: str = "events", name: str = "x") -> str:
    return f"raw/{feed}/{day:%Y/%m/%d}/{hour:02d}/{name}.gz"


def incident(day: date, **told: Any) -> bytes:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    usual = {
        "incident_id": f"i{day}", "rule": "request_flood", "rule_version": 1, "subject_type": "user",
        "subject": "robot", "state": "closed", "severity": "high", "opened_at": at,
        "last_seen_at": at + timedelta(minutes=1), "window_seconds": 60, "value": 200.0, "threshold": 120.0,
        "evidence": "{}", "sample_event_ids": (), "sentence": "too many", "subjects": None,
    }  # fmt: skip
    return incident_line(Incident(**{**usual, **told}))


def surge(day: date) -> bytes:
    """Return an incident of the whole site, from noon on."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    when = {"opened_at": noon + timedelta(minutes=3), "last_seen_at": noon + timedelta(minutes=6)}
    return incident(day, rule="site_surge", subject_type="site", subject="site", window_seconds=300, **when)


def deliver(bucket: str, days: list[date] = DAYS) -> None:
    """Put for each day events of two users, a reject, and what came again from the day before; a robot on one."""
    for day in days:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        lines = [event(f"{day}-{n}", noon + timedelta(minutes=n), user_id=f"u{n % 2}") for n in range(4)]
        lines += [event(f"{day}-bought", noon + timedelta(minutes=5), event_type="purchase"), b"no event"]
        lines.append(event(f"{day - timedelta(days=1)}-0", noon - timedelta(days=1), user_id="u0"))
        put(bucket, key(day, 12), b"\n".join(lines))
    robot = [event(f"robot-{n}", datetime(2019, 10, 2, 9, 0, n, tzinfo=UTC), user_id="robot") for n in range(5)]
    put(bucket, key(DAYS[1], 9), b"\n".join(robot))
    put(bucket, key(DAYS[1], 9, feed="incidents"), incident(DAYS[1]))


@pytest.fixture(scope="module")
def saved(s3: str, few_marts_throughout: None, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Return a shop of ten days, curated and built."""
    folder = tmp_path_factory.mktemp("retention")
    lake = embedded(new_bucket(), folder / "lake")
    deliver(lake.settings.raw_bucket)
    lake.curate()
    lake.build()
    return Saved.of(lake, folder / "saved")


def upkeep(lake: Lake, *, at: datetime = TODAY, **options: Any) -> dict[str, int]:
    return Upkeep(engine=lake.engine, settings=lake.settings, clock=lambda: at, **options).run()


def account(lake: Lake) -> LakeAccount:
    raw = RawBucket(name=lake.settings.raw_bucket)
    return LakeLedger(engine=lake.engine, raw=raw, settings=lake.settings).account(Hours())


def reopened(lake: Lake, **settings: Any) -> Lake:
    """Return the lake as another process finds it."""
    return embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse), **settings)


def days_of(lake: Lake, table: str, column: str = "CAST(arrived_at AS DATE)") -> list[date]:
    return [day for (day,) in lake.engine.ask(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").rows]


def test_rows_older_than_their_table_is_kept_for_go_and_no_others(saved: Saved) -> None:
    """By their arrival, in whole days of UTC."""
    lake = saved.again(table_retention=("events=60", "rejects=55"))
    forgotten = upkeep(lake)["rows_forgotten"]
    assert days_of(lake, "events") == DAYS[3:]
    assert days_of(lake, "rejects") == DAYS[8:]
    assert days_of(lake, "incidents") == []
    assert forgotten == 3 * 5 + 1 + 5 + 8 + 1  # what came again on the first day was new then; an incident goes along
    assert upkeep(lake)["rows_forgotten"] == 0


def test_a_table_that_is_not_named_is_kept_for_ever(saved: Saved) -> None:
    lake = saved.again()
    before = lake.tables()
    assert upkeep(lake, at=TODAY + timedelta(days=10_000))["rows_forgotten"] == 0
    assert lake.tables() == before


def test_what_is_forgotten_is_gone_from_the_files_a_week_later(saved: Saved) -> None:
    """A snapshot shows what was there. Of a table that forgets, none is kept for being one of the latest few."""
    lake = saved.again(table_retention=("rejects=7",))
    upkeep(lake)
    folder = Path(lake.engine._iceberg(REJECTS).location().removeprefix("file://"))
    old = set(folder.rglob("*.parquet"))
    lake = reopened(lake, table_retention=("rejects=7",))
    upkeep(lake, at=datetime.now(UTC) + timedelta(days=8))
    assert not set(folder.rglob("*.parquet")) & old
    assert len(lake.engine._iceberg(REJECTS).snapshots()) == 1


def test_a_new_version_leaves_days_alone_that_have_lost_rows(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    """It computes all days anew, but not from what happens to be left of them."""
    lake = saved.again(table_retention=KEPT)
    before = lake.marts()
    upkeep(lake)
    monkeypatch.setattr("glue_jobs.definitions.definition", lambda _mart: "another")
    assert lake.build() == {"days": len(DAYS) - 4, "restatements": 0}
    assert lake.marts() == before
    assert lake.build() == {"days": 0, "restatements": 0}


def test_forgetting_changes_no_number_and_lets_no_mart_be_computed_again(saved: Saved) -> None:
    """What was counted stays when the events are gone, in both readings."""
    lake = saved.again(table_retention=KEPT)
    before = lake.marts()
    assert upkeep(lake)["rows_forgotten"] > 0
    assert lake.build() == {"days": 0, "restatements": 0}
    assert lake.marts() == before


@pytest.mark.parametrize("late", [0, 2, 3])
def test_a_day_that_has_lost_rows_keeps_its_numbers_whatever_comes_late(saved: Saved, late: int) -> None:
    """Computed from what is left, it would shrink to the late event. The next day may hold visits that began on it."""
    lake = saved.again(table_retention=KEPT)
    upkeep(lake)
    before = lake.marts()
    at = datetime(2019, 10, 1 + late, 12, 30, tzinfo=UTC)
    put(lake.settings.raw_bucket, key(DAYS[9], 20), event("late", at, user_id="u7"))
    lake.curate()
    lake.build()
    assert lake.rows("SELECT event_day FROM events WHERE event_id = 'late'") == [{"event_day": at.date()}]
    assert lake.marts() == before


def test_days_that_are_kept_are_computed_as_if_nothing_had_been_forgotten(saved: Saved) -> None:
    """Late events change their day, its week and what is told of all time, in both readings; and only that is told.

    The second delivery comes when no verdict is left that says how the two readings differ.
    """
    after = []
    for retention in ((), KEPT):
        lake = saved.again(table_retention=retention)
        upkeep(lake)
        for number in (1, 2):
            put(lake.settings.raw_bucket, key(DAYS[9], 20 + number), event(f"late-{number}", LATE))
            lake.curate()
            lake.build(at=LONG_AFTER + timedelta(days=number))
        told = "mart, reading, period_start, row_key, number, was, now, cause"
        after.append((lake.marts(), lake.rows(f"SELECT {told} FROM restatements ORDER BY ALL")))
    assert after[0] == after[1]
    assert after[0][1]


def test_a_crowd_is_not_told_anew_when_the_month_before_it_is_forgotten(saved: Saved, tmp_path: Path) -> None:
    """Everybody who was known then would be new, and every loyal customer a bot."""
    lake = embedded(new_bucket(), tmp_path, table_retention=KEPT)
    bucket = lake.settings.raw_bucket
    for day, hour in ((DAYS[0], 11), (DAYS[1], 11), (DAYS[7], 12)):
        begins = datetime(day.year, day.month, day.day, hour, 1, tzinfo=UTC)
        seen = [event(f"{day}-{n}", begins + timedelta(seconds=n), user_id=f"loyal{n}") for n in range(40)]
        put(bucket, key(day, hour), b"\n".join(seen))
    put(bucket, key(DAYS[7], 12, feed="incidents"), surge(DAYS[7]))
    lake.curate()
    lake.build()
    assert upkeep(lake)["rows_forgotten"] == 80
    assert lake.build() == {"days": 0, "restatements": 0}
    put(bucket, key(DAYS[9], 20), event("late", LATE, user_id="somebody"))
    lake.curate()
    lake.build()
    assert lake.rows("SELECT * FROM verdicts") == []
    everybody, people = (row[1:] for row in lake.marts()["daily_visitors"] if row[1] == DAYS[7])
    assert people == everybody


def test_a_habit_that_is_forgotten_makes_nobody_a_stranger_to_it(saved: Saved, tmp_path: Path) -> None:
    """Risk looks back a month: a day of which that is gone keeps what was said of it."""
    lake = embedded(new_bucket(), tmp_path, table_retention=("shopper_stretches=60",))
    bucket = lake.settings.raw_bucket
    for day in (FIRST + timedelta(days=n) for n in range(4, 18)):
        at = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        put(bucket, key(day, 12), b"\n".join(event(f"{day}-{n}", at + timedelta(seconds=40 * n)) for n in range(12)))
    night = datetime(2019, 10, 29, 1, tzinfo=UTC)
    put(bucket, key(night.date(), 3), b"\n".join(event(f"n{n}", night + timedelta(seconds=40 * n)) for n in range(40)))
    lake.curate()
    lake.build()
    risk = "SELECT * FROM shopper_risk WHERE day = DATE '2019-10-29' AND user_id = 'u1' ORDER BY reading"
    before = lake.rows(risk)
    assert before[0]["nocturnal"] is not None
    assert upkeep(lake, at=datetime(2019, 12, 19, 4, tzinfo=UTC))["rows_forgotten"] > 0
    put(bucket, key(date(2019, 10, 30), 20), event("late", night + timedelta(hours=19), user_id="another"))
    lake.curate()
    assert lake.build()["days"] > 0
    assert lake.rows(risk) == before


def test_history_that_comes_in_portions_is_computed_although_its_neighbours_are_final(tmp_path: Path, s3: str) -> None:
    """A day that was never computed has no numbers to keep."""
    portions = [embedded(new_bucket(), tmp_path, table_retention=("sessions=60",))]
    (lake,) = portions
    for days in (DAYS[:2], DAYS[2:4]):
        for day in days:
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            put(lake.settings.raw_bucket, key(day, 12), event(f"{day}", at))
        lake.curate()
        lake.build()
        upkeep(lake, at=TODAY + timedelta(days=30))
    assert days_of(lake, "daily_visitors", "day") == DAYS[:4]
    assert days_of(lake, "sessions", "day") == []


def test_who_is_erased_after_events_were_forgotten_leaves_accounts_that_are_true(saved: Saved) -> None:
    """What cannot be counted any more is not taken for a duplicate."""
    lake = saved.again(table_retention=KEPT)
    before = {row["source_object"]: row for row in lake.rows("SELECT * FROM runs WHERE feed = 'events'")}
    upkeep(lake)
    raw = RawBucket(name=lake.settings.raw_bucket)
    Erase(engine=lake.engine, raw=raw, settings=lake.settings, clock=lambda: TODAY, user_id="u1").run()
    after = {row["source_object"]: row for row in lake.rows("SELECT * FROM runs WHERE feed = 'events'")}
    row, was = after[key(DAYS[1], 12)], before[key(DAYS[1], 12)]
    assert (was["records"], was["events"], was["rejects"], was["duplicates"]) == (7, 5, 1, 1)
    assert (row["records"], row["events"], row["rejects"], row["duplicates"]) == (4, 2, 1, 1)
    assert row["event_days"] == was["event_days"]
    found = account(lake)
    assert found.differences == ()
    assert found.records == found.accepted + found.rejected + found.duplicates + found.forgotten


def test_a_verdict_that_goes_with_its_incident_brings_no_automaton_back(saved: Saved) -> None:
    """The robot's day is final before its incident is forgotten."""
    lake = saved.again(table_retention=KEPT)
    robot = "SELECT COUNT(*) AS rows FROM user_days WHERE user_id = 'robot' AND reading = 'people_only'"
    assert lake.rows(robot) == [{"rows": 0}]
    upkeep(lake)
    assert lake.rows("SELECT * FROM incidents") == []
    put(lake.settings.raw_bucket, key(DAYS[9], 20), event("more", datetime(2019, 10, 10, 13, tzinfo=UTC)))
    lake.curate()
    lake.build()
    assert lake.rows("SELECT * FROM verdicts") == []
    assert lake.rows(robot) == [{"rows": 0}]


def test_the_ledger_balances_with_what_was_forgotten(saved: Saved) -> None:
    """Records = accepted + rejected + duplicates + forgotten, hour by hour, and nothing is missing."""
    lake = saved.again(table_retention=KEPT)
    before = account(lake)
    forgotten = upkeep(lake)["rows_forgotten"]
    found = account(lake)
    assert found.differences == ()
    assert found.records == before.records
    assert found.records == found.accepted + found.rejected + found.duplicates + found.forgotten
    assert found.forgotten == forgotten - 1  # the incident is a row, and no record of the events
    answer = ask(lake.engine, "ledger")
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    parts = ("accepted", "rejected", "duplicates", "forgotten")
    assert all(row["records"] == sum(row[name] for name in parts) and not row["unexplained"] for row in rows)


def test_the_ledger_still_names_what_is_lost_of_what_is_kept(saved: Saved) -> None:
    """Nobody may hide a loss behind a retention."""
    lake = saved.again(table_retention=KEPT)
    upkeep(lake)
    lake.engine.delete(EVENTS, "event_id", [f"{DAYS[5]}-1"])
    between = {found.between: found.first for found in account(lake).differences}
    assert between["rows of the lake and their account in runs"] == key(DAYS[5], 12)
    lake = saved.again(table_retention=KEPT)
    upkeep(lake)
    lake.engine.delete(EVENTS, "event_id", [f"{DAYS[5]}-0", f"{DAYS[5]}-1"])
    assert "raw record in no table of the lake" in {found.between for found in account(lake).differences}


def test_the_ledger_reads_every_record_of_the_first_hour_that_is_kept(saved: Saved) -> None:
    """Its rows arrived with the day that is kept, at midnight: no forgetting explains a loss of them."""
    lake = saved.again(table_retention=KEPT)
    put(lake.settings.raw_bucket, key(DAYS[2], 23), event("last", datetime(2019, 10, 3, 22, tzinfo=UTC)))
    lake.curate()
    upkeep(lake)
    assert lake.rows("SELECT MIN(event_id) AS event_id FROM events WHERE event_day < DATE '2019-10-04'") == [
        {"event_id": "last"}
    ]
    lake.engine.delete(EVENTS, "event_id", ["last"])
    between = {found.between: found.first for found in account(lake).differences}
    assert between["raw record in no table of the lake"] == f"event last, {key(DAYS[2], 23)}, line 1"


@pytest.mark.parametrize("step", ["noted", "half"])
def test_an_upkeep_that_died_while_forgetting_is_done_again_to_the_same_end(saved: Saved, step: str) -> None:
    """The note comes before the rows go; the tables are forgotten one by one."""
    calm = saved.again(table_retention=KEPT)
    upkeep(calm)
    expected, noted = calm.tables(), calm.rows("SELECT table_name, day, until_hour FROM forgotten ORDER BY 1, 2")
    lake = saved.again(table_retention=KEPT)
    numbers = lake.marts()
    engine, deletions = lake.engine, 0
    deletes = engine.delete_before

    def dies(*given: Any) -> None:
        nonlocal deletions
        deletions += 1
        if step == "noted" or deletions == 2:
            raise KeyboardInterrupt
        deletes(*given)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(engine), "delete_before", lambda _self, *given: dies(*given))
        upkeep(lake)
    assert account(lake).differences == ()
    lake.build()
    assert lake.marts() == numbers, "a day is final before anything of it is gone"
    upkeep(lake)
    assert lake.tables() == expected
    assert lake.rows("SELECT table_name, day, until_hour FROM forgotten ORDER BY 1, 2") == noted


def test_a_backfill_of_a_forgotten_day_is_refused_before_it_deletes_anything(saved: Saved) -> None:
    """It would compute the day from what is left."""
    lake = saved.again(table_retention=KEPT)
    upkeep(lake)
    before, settings = lake.tables(), lake.settings
    lake.engine.close()
    order = Order(from_day="2019-10-03", to_day="2019-10-08")
    with pytest.raises(JobError, match="2019-10-03 cannot be computed again"):
        run_job("backfill", settings=settings, order=order, environment={}, clock=lambda: TODAY)
    assert embedded(settings.raw_bucket, Path(settings.warehouse)).tables() == before


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("events", "table=days"),
        ("events=0", "table=days"),
        ("events=-3", "table=days"),
        ("events=seven", "table=days"),
        ("product_days=90", "table=days"),
        ("incidents=90", "table=days"),
        ("events; DROP TABLE events=3", "table=days"),
        ("events=59", "less than 60 days"),
        ("shopper_stretches=35", "less than 60 days"),
    ],
)
def test_a_retention_that_is_none_is_refused_with_what_it_may_be(told: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        kept_days([told])


def test_a_table_that_is_named_twice_is_refused() -> None:
    """One of the two would be forgotten too early."""
    with pytest.raises(SettingsError, match="each once"):
        kept_days(["events=400", "events=90"])


def test_what_is_about_events_is_kept_as_long_as_they_are() -> None:
    """Without its incident an automaton would be a person again."""
    assert kept_days(["events=90"]) == {"events": 90, "incidents": 90, "risk_signals": 90}
