"""Events from networks of welcome automata are no people's, by the detector's own setting; a change of it is told."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lake_rig import Lake, embedded, new_bucket, put
from verdicts_rig import EVENTS, SHARED, incident

from commerce.event import format_instant
from commerce.incident import to_line
from commerce.settings import SettingsError
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import NO_NETWORKS

CRAWLER, MONITOR = "192.0.2.64/26", "198.51.100.7/32"
FIRST_DAY = datetime(2019, 10, 1, 12, tzinfo=UTC)
Told = list[dict[str, object]]


def event(number: int, *, day: int, address: str | None, user: str) -> bytes:
    at = FIRST_DAY + timedelta(days=day, minutes=number)
    given = {"event_id": f"e{number}", "event_time": format_instant(at), "event_type": "view", "product_id": "1"}
    where = {} if address is None else {"ip_address": address}
    return json.dumps({**given, "price": "1.00", "user_id": user, "user_session": f"s-{user}-{day}", **where}).encode()


# On the first day two people and a crawler, on the second a person and the shop's monitor, on the third only a person.
TRAFFIC = (
    event(1, day=0, address="203.0.113.7", user="ada"),
    event(2, day=0, address=None, user="bob"),
    event(3, day=0, address="192.0.2.65", user="crawler"),
    event(4, day=0, address="::ffff:192.0.2.127", user="crawler"),
    event(5, day=0, address="192.0.2.128", user="neighbour"),
    event(6, day=1, address="203.0.113.7", user="ada"),
    event(7, day=1, address="198.51.100.7", user="monitor"),
    event(8, day=2, address="203.0.113.7", user="ada"),
)


def lake_with(folder: Path, *networks: str) -> Lake:
    lake = embedded(new_bucket(), folder, known_networks=networks)
    put(lake.settings.raw_bucket, "raw/events/2019/10/04/00/a.gz", b"\n".join(TRAFFIC))
    lake.curate()
    lake.build()
    return lake


def told(lake: Lake, *networks: str) -> Lake:
    """Return the same lake with another setting."""
    chosen = replace(lake.settings, known_networks=networks)
    return Lake(chosen, open_engine(chosen, raw=RawBucket(name=chosen.raw_bucket), environment=os.environ))


def visitors(lake: Lake, reading: str) -> list[int]:
    """Return the visitors day by day."""
    days = lake.rows(f"SELECT visitors FROM daily_visitors WHERE reading = '{reading}' ORDER BY day")
    return [int(row["visitors"]) for row in days]


def test_a_crawler_is_traffic_and_no_visitor(few_marts, s3, tmp_path):
    """It is counted with all that came; a figure about people has people in it, those without an address too."""
    lake = lake_with(tmp_path, CRAWLER, MONITOR)
    assert visitors(lake, "all_traffic") == [4, 2, 1]
    assert visitors(lake, "people_only") == [3, 1, 1]
    assert lake.rows("SELECT * FROM verdicts") == []


def test_people_only_is_the_shop_in_which_the_crawler_never_was(s3, tmp_path):
    """In every mart, beside verdicts, and in visits that go on over midnight and from elsewhere."""
    events = [json.dumps(given).encode() for given in EVENTS]
    judged = to_line(incident("user", "d"))
    left = [line for line, given in zip(events, EVENTS, strict=True) if given.get("ip_address") != SHARED]
    readings = []
    for name, lines, networks, reading in (
        ("all", events, (f"{SHARED}/32",), "people_only"),
        ("left", left, NO_NETWORKS, "people_only"),
    ):
        lake = embedded(new_bucket(), tmp_path / name, known_networks=networks)
        put(lake.settings.raw_bucket, "raw/events/2019/10/03/00/a.gz", b"\n".join(lines))
        put(lake.settings.raw_bucket, "raw/incidents/2019/10/03/00/a.gz", judged)
        lake.curate()
        lake.build()
        readings.append({mart: [row for row in rows if row[0] == reading] for mart, rows in lake.marts().items()})
    assert readings[0] == readings[1]
    assert readings[0]["sessions"]


def test_a_network_named_later_restates_its_days_and_no_others_and_says_why(few_marts, s3, tmp_path):
    """Somebody finds the shop's own monitor among the visitors: the day it came is computed again."""
    lake = told(lake_with(tmp_path, CRAWLER), CRAWLER, MONITOR)
    assert lake.build()["days"] == 1
    assert visitors(lake, "people_only") == [3, 1, 1]
    assert restated(lake) == [
        {"period_start": date(2019, 10, 2), "reading": "people_only", "cause": "setting", "was": "2", "now": "1"}
    ]
    assert lake.build() == {"days": 0, "restatements": 0}


def test_a_network_no_longer_named_brings_the_numbers_back(few_marts, s3, tmp_path):
    """As if it had never been welcome, the last one too."""
    before = lake_with(tmp_path / "never", *NO_NETWORKS).marts()
    lake = told(lake_with(tmp_path / "once", CRAWLER), *NO_NETWORKS)
    lake.build()
    assert lake.marts() == before
    assert [row["cause"] for row in restated(lake)] == ["setting"]
    assert lake.rows("SELECT * FROM known_networks") == []


def test_a_build_that_is_told_nothing_keeps_to_what_was(few_marts, s3, tmp_path):
    """Somebody runs the job from a terminal and does not name the networks: nothing is restated for that."""
    lake = told(lake_with(tmp_path, CRAWLER))
    assert lake.build() == {"days": 0, "restatements": 0}
    put(lake.settings.raw_bucket, "raw/events/2019/10/05/00/b.gz", event(9, day=0, address="192.0.2.66", user="again"))
    lake.curate()
    lake.build()
    assert visitors(lake, "people_only") == [3, 2, 1]
    assert lake.rows("SELECT network FROM known_networks") == [{"network": CRAWLER}]


def test_a_setting_and_a_late_event_of_one_day_are_both_named(few_marts, s3, tmp_path):
    """Whoever asks why a number moved hears all of it."""
    lake = told(lake_with(tmp_path, CRAWLER), CRAWLER, MONITOR)
    late = b"\n".join(event(number, day=1, address=None, user="late") for number in (9, 10))
    put(lake.settings.raw_bucket, "raw/events/2019/10/05/00/b.gz", late)
    lake.curate()
    lake.build()
    causes = lake.rows("SELECT DISTINCT reading, cause FROM restatements ORDER BY reading")
    assert causes == [
        {"reading": "all_traffic", "cause": "events"},
        {"reading": "people_only", "cause": "setting and events"},
    ]


def test_a_build_that_died_tells_the_change_of_the_setting_once(few_marts, s3, tmp_path):
    """The networks are written down behind the marts: until then the change is still to come."""
    lake = told(lake_with(tmp_path, CRAWLER), CRAWLER, MONITOR)

    def killed(step: str) -> None:
        if step == "verdicts":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lake.build(reached=killed)
    lake.build()
    assert [row["cause"] for row in restated(lake)] == ["setting"]
    assert visitors(lake, "people_only") == [3, 1, 1]


def test_a_network_that_is_none_is_refused_in_a_line(s3, tmp_path):
    """Before anything is computed with it."""
    with pytest.raises(SettingsError, match=r"known_networks: .*192\.0\.2\.300"):
        lake_with(tmp_path, "192.0.2.300/24")


def restated(lake: Lake) -> Told:
    return lake.rows(
        "SELECT period_start, reading, cause, was, now FROM restatements "
        "WHERE mart = 'daily_visitors' AND number = 'visitors'"
    )
