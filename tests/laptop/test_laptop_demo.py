"""The demonstration judges itself: what it says is right must be right."""

import copy
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from laptop_rig import Cloud
from rich.console import Console
from signals import incident as any_incident
from typer.testing import CliRunner

from commerce.event import parse_instant
from commerce.incident import Incident
from laptop.__main__ import application
from laptop.cloud.starting import ROOT
from laptop.demo import command
from laptop.demo.mistake import likely_mistake
from laptop.demo.people import differences
from laptop.demo.report import imbalances
from laptop.demo.summary import show_summary
from laptop.demo.traffic import Recorded, replay
from laptop.demo.verdicts import mistakes, verdicts
from laptop.demo.waiting import until
from laptop.deploy import Deployment
from laptop.processes import LaptopError
from laptop.running import Laptop

TRUTH = {
    "attacks": [
        {
            "family": "request_flood",
            "subject": "7",
            "start": "2025-03-03T09:00:00.000Z",
            "end": "2025-03-03T09:05:00.000Z",
        }
    ]
}
BALANCED = {
    "events": {"produced": 10, "accepted": 7, "rejected": 2, "late": 1, "duplicates": 1},
    "detector": {"on_time": 7, "late": 1, "rejected": 2},
    "raw": {"objects": 1, "records": 10},
    "lake": {"events": 7, "rejects": 2},
    "incidents": {"emitted": 1, "stored": 1, "alerts": 1},
    "metrics": {"RecordsFailed": 0},
}


def incident(*, rule="request_flood", subject="7", after_seconds=60.0, **fields: str) -> Incident:
    opened_at = parse_instant("2025-03-03T09:00:00.000Z") + timedelta(seconds=after_seconds)
    return any_incident(subject, opened_at, rule=rule, state="open", **fields)


def wrong(*incidents: Incident) -> list[str]:
    return mistakes(*verdicts(TRUTH, incidents))


def test_an_attack_found_once_is_right():
    """One planted, one found: nothing to complain about, and the delay is event time."""
    (verdict,), others = verdicts(TRUTH, [incident()])
    assert (mistakes([verdict], others), verdict.seconds_to_detect) == ([], 60)


def test_a_missed_a_doubled_and_an_invented_attack_are_mistakes():
    """Each of the three would make the summary untrue."""
    assert "0 incidents, expected 1" in wrong()[0]
    assert "2 incidents, expected 1" in wrong(incident(), incident(after_seconds=120))[0]
    assert "nobody attacked" in wrong(incident(), incident(subject="8"))[0]
    assert "nobody attacked" in wrong(incident(), incident(rule="catalogue_scraping"))[0]


def test_an_incident_before_the_attack_is_not_its_own():
    """Whoever was flagged before attacking was flagged for nothing."""
    assert len(wrong(incident(after_seconds=-60))) == 2


def test_a_balanced_report_has_no_imbalance():
    """The sums hold, so nothing is said."""
    assert imbalances(BALANCED) == []


@pytest.mark.parametrize(
    ("part", "figure"),
    [
        ("events", "accepted"),
        ("events", "duplicates"),
        ("raw", "records"),
        ("detector", "on_time"),
        ("lake", "rejects"),
        ("lake", "events"),
        ("incidents", "alerts"),
        ("metrics", "RecordsFailed"),
    ],
)
def test_one_record_too_many_anywhere_is_noticed(part, figure):
    """A record that vanished or came twice must fail the demonstration, wherever it happened."""
    report = copy.deepcopy(BALANCED)
    report[part][figure] += 1
    assert imbalances(report)


@pytest.mark.parametrize(
    ("raw_records", "balanced", "verdict"),
    [
        (10, True, "and every one is accounted for."),
        (9, True, "and not everything adds up: see the end."),
        (10, False, "and not everything adds up: see the end."),
    ],
)
def test_the_summary_says_that_all_is_accounted_for_only_where_it_is(raw_records, balanced, verdict):
    """Nobody reads the red lines below a bold one that says the opposite."""
    nothing = {"all_traffic": [], "people_only": []}
    report = {
        **BALANCED,
        "raw": {"objects": 1, "records": raw_records},
        "ledger": {"balanced": balanced},
        "incidents": {**BALANCED["incidents"], "by_rule": {}},
        "answers": {"daily_visitors": nothing, "product_performance": nothing},
        "restatements": [],
    }
    shown = StringIO()
    show_summary(Console(file=shown, width=200), report, judged=None, truth=None)
    assert shown.getvalue().splitlines()[1] == f"10 records came in, {verdict}"


DAY = {
    "day": "2025-03-03",
    "visitors": 2,
    "visits": 3,
    "events": 9,
    "views": 6,
    "carts": 2,
    "removals": 0,
    "purchases": 14,
    "revenue": "91.00",
    "conversion": 1 / 3,
}
# More than the truth names: the last of them sold least.
SOLD = [{"product_id": "p1", "purchases": 2, "revenue": "20.00"}]
SOLD += [{"product_id": f"p{n}", "purchases": 1, "revenue": f"{n}.50"} for n in range(11, 1, -1)]
SOLD += [{"product_id": "p0", "purchases": 2, "revenue": "1.00"}]
PEOPLE = {"people_by_day": [DAY], "top_products": SOLD[:10]}


def complaints(
    *, days: list[dict] | None = None, products: list[dict] | None = None, truth: dict | None = None
) -> list[str]:
    found = {
        "daily_visitors": {"people_only": [DAY] if days is None else days},
        "product_performance": {"people_only": SOLD if products is None else products},
    }
    return differences(found, truth or PEOPLE)


def test_people_only_numbers_that_are_the_peoples_are_right():
    """Nothing to complain about, in whatever order products come; one that nobody bought is no best seller."""
    unsold = {"product_id": "p", "purchases": 0, "revenue": "0.00"}
    assert complaints() == complaints(products=[unsold, *reversed(SOLD)]) == []


@pytest.mark.parametrize("name", [name for name in DAY if name != "day"])
def test_a_number_that_is_not_the_peoples_is_noticed(name):
    """One cent or one event of a bot is one too many."""
    other = {**DAY, name: "91.01" if name == "revenue" else DAY[name] + 1}
    (line, *_) = complaints(days=[other])
    assert name in line
    assert "but the people" in line


def test_conversion_is_compared_to_the_last_digit():
    """It is a division of two counts on both sides; a day on which no visit began has none."""
    none = {**DAY, "visits": 0, "conversion": None}
    truth = {**PEOPLE, "people_by_day": [none]}
    assert complaints(days=[none], truth=truth) == []
    assert complaints(days=[{**none, "conversion": 0.0}], truth=truth)
    assert complaints(days=[{**DAY, "conversion": 0.3333}])


def test_a_day_or_product_too_many_or_too_few_is_noticed():
    """A day of bots alone must be gone from the people's days, and a product that they bought from the sales."""
    assert complaints(days=[])
    assert complaints(days=[DAY, {**DAY, "day": "2025-03-04"}])
    assert complaints(products=[])
    assert complaints(products=SOLD[1:])
    best = {"product_id": "bought by bots", "purchases": 9, "revenue": "99.00"}
    assert any("place 1: bought by bots, but the people's is p1" in line for line in complaints(products=[*SOLD, best]))
    least = {**best, "revenue": "0.01"}
    assert complaints(products=[*SOLD, least]) == [
        "people only, all products: 23 purchases, but the people made 14",
        "people only, all products: 91.01 revenue, but the people made 91.00",
    ]
    assert complaints(products=SOLD[:10])


def test_the_mistake_is_about_somebody_who_was_taken_out_of_the_numbers():
    """Whoever else was allowed, no number would follow. Of several, surges are what one takes for a sale."""
    surge = incident(rule="site_surge", subject="site", subject_type="site")
    flood, scraper = incident(subject="9"), incident(rule="catalogue_scraping", subject="8")
    assert likely_mistake(None, []) is None
    assert str(likely_mistake(None, [flood, scraper])) == "user 8"
    assert str(likely_mistake(None, [flood, surge])) == "the surges"


def test_whatever_moves_is_waited_for_and_what_stands_still_is_not():
    """A file of months takes its time; a system that hangs must not be watched for ever."""
    left = iter(["3 left", "2 left", "1 left", ""])
    shown: list[str] = []
    until(lambda: next(left), show=shown.append, patience_seconds=0)
    assert shown == ["3 left", "2 left", "1 left"]
    with pytest.raises(LaptopError, match="Nothing has moved for 0 s: 1 left"):
        until(lambda: "1 left", show=shown.append, patience_seconds=0)


# No line of it shows that it is Taobao's.
DAMAGED = "".join(f"71,{number},pv,1511740800\n" for number in range(20)) + "71,4002,305,pv,1511740800\n"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (DAMAGED, [], "begins no known layout: kaggle, taobao, uci-retail"),
        (DAMAGED, ["--layout", "kaggle"], "expected the header event_time,"),
        ("PK\x03\x04", ["--layout", "taobao"], "unpack it first"),
        (None, [], "is not there: name a recorded file"),
        (DAMAGED, ["--layout", "taobao"], "AWS was started"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, options: list[str], said: str
):
    """Nobody waits minutes for AWS to hear of a header."""
    monkeypatch.setattr(command, "running_laptop", _not_started)
    file = tmp_path / "recorded.csv"
    if content is not None:
        file.write_text(content)
    ran = CliRunner().invoke(
        application(), ["demo", "--input", str(file), *options, "--work-dir", str(tmp_path / "demo")]
    )
    assert said in " ".join(ran.output.split())
    assert (ran.exit_code, (tmp_path / "demo").exists()) == (1, said == "AWS was started")


def _not_started(**_: object) -> None:
    raise LaptopError("AWS was started")


def test_a_layout_without_a_file_is_refused():
    """Made-up traffic has none; a forgotten file must not be replaced by it."""
    ran = CliRunner().invoke(application(), ["demo", "--layout", "taobao"])
    assert (ran.exit_code, "name one with --input" in " ".join(ran.output.split())) == (1, True)


def test_the_bad_rows_of_the_demonstration_before_are_not_in_the_way(
    tmp_path: Path, cloud: Cloud, unique: str, monkeypatch: pytest.MonkeyPatch
):
    """They are another file's, and the simulator leaves such rows alone."""
    laptop = rig(tmp_path, cloud, unique, monkeypatch)
    for name in ("one.csv", "other.csv"):
        (tmp_path / name).write_text(DAMAGED)
        assert replay(laptop, Recorded(file=tmp_path / name, layout="taobao"), folder=tmp_path).produced == 1


def rig(tmp_path: Path, cloud: Cloud, unique: str, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """Return a laptop of which only the stream is needed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    cloud.client("kinesis").create_stream(StreamName=unique, ShardCount=1)
    return Laptop(
        endpoint_url=cloud.endpoint_url,
        work_dir=tmp_path,
        outputs={"EventsStreamName": unique},
        flink_web=None,
        deployment=Deployment(work_dir=tmp_path, group=0),
    )


def test_a_file_is_replayed_in_the_layout_that_was_named(
    tmp_path: Path, cloud: Cloud, unique: str, monkeypatch: pytest.MonkeyPatch
):
    """Where its lines do not show it, somebody has to say it."""
    laptop = rig(tmp_path, cloud, unique, monkeypatch)
    file = tmp_path / "recorded.csv"
    file.write_text(DAMAGED)
    assert replay(laptop, Recorded(file=file, layout="taobao"), folder=tmp_path).produced == 1
