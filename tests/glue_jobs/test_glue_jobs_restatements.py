"""What is told of a change: that of the numbers which people could have read, and only what is due to its cause."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lake_rig import Lake, embedded, new_bucket, put
from signals import incident

from commerce.event import format_instant
from commerce.incident import Incident, to_line
from glue_jobs.asking import Wish, ask

pytestmark = pytest.mark.usefixtures("few_marts")
FIRST_NOON = datetime(2019, 10, 1, 12, tzinfo=UTC)  # a Tuesday: its week goes on for days
PRODUCTS = 5


def night(lake: Lake, day: int, *, incidents: tuple[Incident, ...] = (), bots: tuple[str, ...] = ()) -> None:
    """Let somebody look at each product that day, and each bot three times at the first; build the night after."""
    events = [_view(day, number, f"u{day}-{number}") for number in range(PRODUCTS)]
    events += [_view(day, 0, bot, minutes=n) for bot in bots for n in range(3)]
    arrived = f"{FIRST_NOON + timedelta(days=day):%Y/%m/%d}/13"
    put(lake.settings.raw_bucket, f"raw/events/{arrived}/a.gz", b"\n".join(events))
    if incidents:
        put(lake.settings.raw_bucket, f"raw/incidents/{arrived}/a.gz", b"\n".join(map(to_line, incidents)))
    lake.curate()
    lake.build(at=FIRST_NOON + timedelta(days=day, hours=15))


@pytest.fixture
def lake(s3: str, tmp_path: Path) -> Lake:
    """Return the lake of a shop whose first day has been built, a bot in it that nobody knows of yet."""
    made = embedded(new_bucket(), tmp_path)
    night(made, 0, bots=("late",))
    return made


def judged(subject: str, day: int) -> Incident:
    return incident(subject, FIRST_NOON + timedelta(days=day), last_seen_at=FIRST_NOON + timedelta(days=day, hours=1))


def told(lake: Lake) -> list[dict[str, object]]:
    return lake.rows("SELECT * FROM restatements ORDER BY mart, reading, row_key, number")


def test_a_bot_of_a_new_day_restates_nothing(lake: Lake) -> None:
    """Nobody has read a number with it: what marts without a period and the running week say has only grown."""
    night(lake, 1, incidents=(judged("new", 1),), bots=("new",))
    assert told(lake) == []
    views = "SELECT reading, SUM(views) AS views FROM product_performance GROUP BY reading ORDER BY reading"
    counts = {row["reading"]: int(row["views"]) for row in lake.rows(views)}
    assert counts == {"all_traffic": 2 * PRODUCTS + 6, "people_only": 2 * PRODUCTS + 3}


def test_a_late_verdict_restates_what_it_reached_and_not_what_grew_beside_it(lake: Lake) -> None:
    """Of fifty products that were looked at again, one is told of; and the new bot of that day is not the reason."""
    late, new = judged("late", 0), judged("new", 1)
    night(lake, 1, incidents=(late, new), bots=("new",))
    rows = told(lake)
    assert {row["reading"] for row in rows} == {"people_only"}
    assert {row["row_key"] for row in rows if row["mart"] == "product_performance"} == {"product_id=0"}
    assert {tuple(row["incident_ids"]) for row in rows} == {(late.incident_id,)}
    causes = {row["mart"]: row["cause"] for row in rows}
    assert causes["product_performance"] == causes["popular_categories_weekly"] == "verdict and events"
    assert causes["daily_visitors"] == "verdict"


def test_a_late_event_beside_a_verdict_is_told_as_what_it_is(lake: Lake) -> None:
    """The verdict is no reason for a number of people that moved just as that of all traffic did."""
    put(lake.settings.raw_bucket, "raw/events/2019/10/02/14/b.gz", _view(0, 3, "came-late", minutes=600))
    night(lake, 1, incidents=(judged("new", 1),), bots=("new",))
    rows = told(lake)
    assert {(row["cause"], tuple(row["incident_ids"])) for row in rows} == {("events", ())}
    assert {row["reading"] for row in rows} == {"all_traffic", "people_only"}
    assert {str(row["period_start"]) for row in rows} == {"2019-10-01"}


def test_a_verdict_about_today_is_told_where_nothing_else_has_come(lake: Lake) -> None:
    """Whoever takes an incident back at noon looks for what has changed; with more of the day in it, it has grown."""
    at = FIRST_NOON + timedelta(hours=3)
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/01/14/b.gz", to_line(judged("late", 0)))
    lake.curate()
    lake.build(at=at)
    rows = told(lake)
    assert {row["mart"] for row in rows} >= {"daily_visitors", "popular_categories_weekly", "product_performance"}
    assert {(row["reading"], row["cause"]) for row in rows} == {("people_only", "verdict")}


def test_a_row_that_goes_with_its_bot_is_told_too(lake: Lake) -> None:
    """Whoever read of a product that only a bot looked at finds why it is not there any more."""
    put(lake.settings.raw_bucket, "raw/events/2019/10/02/13/b.gz", _view(0, 9, "late", minutes=30))
    night(lake, 1)
    late = judged("late", 0)
    night(lake, 2, incidents=(late,))
    rows = [row for row in told(lake) if (row["row_key"], row["number"]) == ("product_id=9", "views")]
    assert [(row["reading"], row["was"], row["now"], row["incident_ids"]) for row in rows] == [
        ("people_only", "1", "", [late.incident_id])
    ]


def test_a_verdict_about_the_end_of_a_visit_is_named_for_the_day_it_began(lake: Lake) -> None:
    """The order counts on that day, on which neither an event nor a verdict is another."""
    visit = [_view(0, 1, "owl", minutes=710), _view(0, 1, "owl", minutes=730, kind="purchase")]
    put(lake.settings.raw_bucket, "raw/events/2019/10/02/13/b.gz", b"\n".join(visit))
    night(lake, 1)
    midnight = FIRST_NOON + timedelta(minutes=720)
    owl = incident("owl", midnight + timedelta(minutes=5), last_seen_at=midnight + timedelta(minutes=15))
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/03/13/b.gz", to_line(owl))
    lake.curate()
    lake.build(at=FIRST_NOON + timedelta(days=2, hours=15))
    names = {"mart": "daily_revenue", "reading": "people_only", "number": "orders", "now": "0"}
    (order,) = (row for row in told(lake) if names.items() <= row.items())
    assert (str(order["period_start"]), order["was"]) == ("2019-10-01", "1")
    assert (order["cause"], order["incident_ids"]) == ("verdict", [owl.incident_id])


def test_what_was_told_can_be_asked_by_the_day_it_is_about(lake: Lake) -> None:
    """One withdrawal restates hundreds of numbers; a report that says something else today is of some days."""
    night(lake, 1, bots=("later",))
    night(lake, 2, incidents=(judged("late", 0), judged("later", 1)))
    answer = ask(lake.engine, "restatements")
    starts = [row[answer.columns.index("period_start")] for row in answer.rows]
    first, second = (FIRST_NOON.date() + timedelta(days=day) for day in range(2))
    assert {first, second, None} <= set(starts)
    for wish, wanted in (
        (Wish(from_day=first, to_day=first), {first}),
        (Wish(from_day=second), {second}),
        (Wish(to_day=first), {start for start in starts if start and start <= first}),
        (Wish(from_day=date(2031, 1, 1)), set()),
    ):
        rows = [row for row, start in zip(answer.rows, starts, strict=True) if start in wanted]
        assert ask(lake.engine, "restatements", wish=wish).rows == rows


def _view(day: int, product: int, user_id: str, *, minutes: int = 0, kind: str = "view") -> bytes:
    at = format_instant(FIRST_NOON + timedelta(days=day, minutes=minutes))
    event = {"event_id": f"{day}-{user_id}-{product}-{minutes}", "event_time": at, "event_type": kind}
    more = {"product_id": str(product), "price": "1.00", "user_id": user_id, "user_session": f"s-{day}-{user_id}"}
    return json.dumps({**event, **more}).encode()
