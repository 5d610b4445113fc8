"""What a table is kept for: older rows go, with a note of it, and nothing else changes by that."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_rig import Lake, Saved, embedded, new_bucket, put

from commerce.event import Event, to_line
from commerce.incident import Incident
from commerce.incident import to_line as incident_line
from commerce.settings import SettingsError
from glue_jobs.arrival import Hours
from glue_jobs.asking import ask
from glue_jobs.jobs import JobError, run_job
from glue_jobs.ledger import LakeAccount, LakeLedger
from glue_jobs.raw import RawBucket
from glue_jobs.settings import Order, kept_days
from glue_jobs.tables import EVENTS, REJECTS
from glue_jobs.upkeep import Upkeep

FIRST = date(2019, 10, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(10)]
# Three days are older than a week then, whole ones.
TODAY = datetime(2019, 10, 11, 3, tzinfo=UTC)
WEEK = ("events=7", "rejects=7", "incidents=7")
GONE = DAYS[:3]


def event(name: str, at: datetime, *, user_id: str = "u1", event_type: str = "view") -> bytes:
    made = Event(event_id=name, event_time=at, event_type=event_type, product_id="1", price="2.50", user_id=user_id)  # type: ignore[arg-type]
    return to_line(made)


def key(day: date, hour: int, *, feed: str = "events", name: str = "x") -> str:
    return f"raw/{feed}/{day:%Y/%m/%d}/{hour:02d}/{name}.gz"


def incident(day: date) -> bytes:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    told = Incident(
        incident_id=f"i{day}", rule="request_flood", rule_version=1, subject_type="user", subject="robot",
        state="closed", severity="high", opened_at=at, last_seen_at=at + timedelta(minutes=1), window_seconds=60,
        value=200.0, threshold=120.0, evidence="{}", sample_event_ids=(), sentence="too many", subjects=None,
    )  # fmt: skip
    return incident_line(told)


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


def days_of(lake: Lake, table: str, column: str = "CAST(arrived_at AS DATE)") -> list[date]:
    return [day for (day,) in lake.engine.ask(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").rows]


def test_rows_older_than_their_table_is_kept_for_go_and_no_others(saved: Saved) -> None:
    """By their arrival, in whole days of UTC."""
    lake = saved.again(table_retention=("events=7", "rejects=2"))
    forgotten = upkeep(lake)["rows_forgotten"]
    assert days_of(lake, "events") == DAYS[3:]
    assert days_of(lake, "rejects") == DAYS[8:]
    assert days_of(lake, "incidents") == [DAYS[1]]
    assert forgotten == 3 * 5 + 1 + 5 + 8  # what came again on the first day was new then
    assert upkeep(lake)["rows_forgotten"] == 0


def test_a_table_that_is_not_named_is_kept_for_ever(saved: Saved) -> None:
    lake = saved.again()
    before = lake.tables()
    assert upkeep(lake, at=TODAY + timedelta(days=10_000))["rows_forgotten"] == 0
    assert lake.tables() == before


def test_what_is_forgotten_is_gone_from_the_files_a_week_later(saved: Saved) -> None:
    """A snapshot shows what was there; it goes with the others."""
    lake = saved.again(table_retention=("rejects=7",), snapshots_kept=1)
    upkeep(lake)
    folder = Path(lake.engine._iceberg(REJECTS).location().removeprefix("file://"))
    old = set(folder.rglob("*.parquet"))
    upkeep(lake, at=datetime.now(UTC) + timedelta(days=8))
    assert set(folder.rglob("*.parquet")) < old


def test_forgetting_changes_no_number_and_lets_no_mart_be_computed_again(saved: Saved) -> None:
    """What a week of events was counted to stays when they are gone, in both readings."""
    lake = saved.again(table_retention=WEEK)
    before = lake.marts()
    assert upkeep(lake)["rows_forgotten"] > 0
    assert lake.build() == {"days": 0, "restatements": 0}
    assert lake.marts() == before


@pytest.mark.parametrize("late", [0, 2, 3])
def test_a_day_that_has_lost_rows_keeps_its_numbers_whatever_comes_late(saved: Saved, late: int) -> None:
    """Computed from what is left, it would shrink to the late event. The next day may hold visits that began on it."""
    lake = saved.again(table_retention=WEEK)
    upkeep(lake)
    before = lake.marts()
    at = datetime(2019, 10, 1 + late, 12, 30, tzinfo=UTC)
    put(lake.settings.raw_bucket, key(DAYS[9], 20), event("late", at, user_id="u7"))
    lake.curate()
    lake.build()
    assert lake.rows("SELECT event_day FROM events WHERE event_id = 'late'") == [{"event_day": at.date()}]
    assert lake.marts() == before


def test_days_that_are_kept_are_computed_as_if_nothing_had_been_forgotten(saved: Saved) -> None:
    """A late event changes its day, and no other."""
    after = []
    for retention in ((), WEEK):
        lake = saved.again(table_retention=retention)
        upkeep(lake)
        put(lake.settings.raw_bucket, key(DAYS[9], 20), event("late", datetime(2019, 10, 8, 13, tzinfo=UTC)))
        lake.curate()
        lake.build()
        after.append(lake.marts())
    assert after[0] == after[1]


def test_a_verdict_that_goes_with_its_incident_brings_no_automaton_back(saved: Saved) -> None:
    """The robot's day is final before its incident is forgotten."""
    lake = saved.again(table_retention=WEEK)
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
    lake = saved.again(table_retention=WEEK)
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
    lake = saved.again(table_retention=WEEK)
    upkeep(lake)
    lake.engine.delete(EVENTS, "event_id", [f"{DAYS[5]}-1"])
    between = {found.between: found.first for found in account(lake).differences}
    assert between["rows of the lake and their account in runs"] == key(DAYS[5], 12)
    lake = saved.again(table_retention=WEEK)
    upkeep(lake)
    lake.engine.delete(EVENTS, "event_id", [f"{DAYS[5]}-0", f"{DAYS[5]}-1"])
    assert "raw record in no table of the lake" in {found.between for found in account(lake).differences}


@pytest.mark.parametrize("step", ["noted", "half"])
def test_an_upkeep_that_died_while_forgetting_is_done_again_to_the_same_end(saved: Saved, step: str) -> None:
    """The note comes before the rows go; the tables are forgotten one by one."""
    calm = saved.again(table_retention=WEEK)
    upkeep(calm)
    expected, noted = calm.tables(), calm.rows("SELECT table_name, day, until_hour FROM forgotten ORDER BY 1, 2")
    lake = saved.again(table_retention=WEEK)
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
    upkeep(lake)
    assert lake.tables() == expected
    assert lake.rows("SELECT table_name, day, until_hour FROM forgotten ORDER BY 1, 2") == noted


def test_a_backfill_of_a_forgotten_day_is_refused_before_it_deletes_anything(saved: Saved) -> None:
    """It would compute the day from what is left."""
    lake = saved.again(table_retention=WEEK)
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
        ("product_days=30", "table=days"),
        ("events; DROP TABLE events=3", "table=days"),
    ],
)
def test_a_retention_that_is_none_is_refused_with_what_it_may_be(told: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        kept_days([told])


@pytest.mark.parametrize("told", [("incidents=30",), ("incidents=30", "events=31")])
def test_incidents_are_kept_as_long_as_the_events_they_judge(told: tuple[str, ...]) -> None:
    """Else every automaton would be taken for a person when its incident goes."""
    with pytest.raises(SettingsError, match="incidents"):
        kept_days(told)
    assert kept_days(("incidents=31", "events=31")) == {"incidents": 31, "events": 31}
