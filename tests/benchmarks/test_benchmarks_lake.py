"""The lake's benchmark, small: every figure is there and every answer is the same. No test here asserts a time."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.answers import QUESTIONS, fingerprint
from benchmarks.bucket import BUCKET, served
from benchmarks.input import EVENTS_PREFIX, Input, delivered_from, prepare
from benchmarks.lake import BECAUSE_SPARK
from benchmarks.lake_aims import by_hand_against_pandas, lake_aims
from benchmarks.lake_page import page
from benchmarks.lakes import table_folder
from benchmarks.measure import BenchmarkError, Measured, growth_exponent, run_task
from benchmarks.pipeline import Pipeline
from benchmarks.questions import OURS_ALONE, OURS_BUILT, OURS_FROM_EVENTS, WAYS, compared
from commerce.event import Event, parse
from glue_jobs.marts import marts
from glue_jobs.raw import RawBucket, RawError

ROWS = 8_000
DAYS = 5
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("bench-lake")


@pytest.fixture(scope="module")
def source(folder) -> Input:
    return prepare(ROWS, below=folder, days=DAYS)


@pytest.fixture(scope="module")
def report(folder) -> dict:
    """Return the report of the benchmark, run as `make bench-lake SPARK_UP_TO=0` runs it: Spark takes minutes."""
    command = ["lake", "--rows", str(ROWS), "--days", str(DAYS), "--runs", "1", "--work-dir", str(folder)]
    command += ["--spark-up-to", "0"]
    ran = CliRunner().invoke(app, [*command, "--page", str(folder / "page.md")], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return json.loads((folder / "report.json").read_text())


def lines(source: Input) -> list[bytes]:
    return [
        line for path in sorted(source.folder.rglob("*.gz")) for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def test_every_way_gives_the_same_answers(report):
    """A figure beside a wrong answer would compare with nothing."""
    assert report["disagreements"] == []


def test_the_report_has_every_figure(report):
    """What is missing says so under left_out, with the bound that kept it out; all else is there."""
    assert report["left_out"] == [{"what": "spark", "rows": ROWS, "bound": 0, "because": BECAUSE_SPARK}]
    assert {one["engine"] for one in report["pipelines"]} == {"duckdb"}
    ways = {way for name, way in WAYS.items() if name != "spark"}
    assert {one["by"] for one in report["questions"]} == {OURS_BUILT, OURS_FROM_EVENTS, OURS_ALONE, *ways}
    for one in report["questions"]:
        assert {question.name for question in QUESTIONS} <= one["steps"].keys()
    may_be_none = {"restatements"}  # what only grew is not told
    day_after = {name: figure for name, figure in report["day_after"].items() if name not in may_be_none}
    for one in (*report["pipelines"], *report["questions"], day_after):
        assert all(figure > 0 for name, figure in one.items() if isinstance(figure, int | float)), one


def test_every_record_was_taken(report):
    """A job that skipped half of the records would be twice as fast."""
    (account,) = (one["account"] for one in report["pipelines"])
    assert account["records"] == sum(account[name] for name in ("events", "rejects", "duplicates"))
    assert account["events"] == pytest.approx(ROWS, rel=0.1)
    assert account["rejects"] and account["duplicates"]


def test_an_engine_that_takes_other_records_or_makes_other_rows_disagrees(tmp_path):
    """Where both engines are measured, neither may be faster by doing less."""
    ours = a_lake(tmp_path / "ours", events=9, rows=3)
    assert compared(ours, a_lake(tmp_path / "same", events=9, rows=3)) == []
    (skipping,) = compared(ours, a_lake(tmp_path / "skipping", events=5, rows=3))
    assert "events taken by spark's lake: 5" in skipping
    other_rows = compared(ours, a_lake(tmp_path / "other", events=9, rows=2))
    assert len(other_rows) == len(marts())
    assert all(f"{mart.name} by spark's lake" in line for mart, line in zip(marts(), other_rows, strict=True))


def a_lake(folder: Path, *, events: int, rows: int) -> Pipeline:
    """Return a lake whose marts have so many rows of nothing, and whose curate says that it took so many events."""
    for mart in marts():
        data = table_folder(folder, mart.name)
        data.mkdir(parents=True)
        nothing = ", ".join(f"NULL AS {name}" for name in mart.table.column_names)
        made = duckdb.sql(f"SELECT {nothing} FROM range({rows})")
        made.write_parquet(str(data / "a.parquet"))
    curated = Measured(seconds=1, peak_bytes=1, cpu_seconds=1, told={"account": {"records": 10, "events": events}})
    source = Input(rows=10, days=(), folder=folder)
    return Pipeline(engine="spark", source=source, folder=folder, curates=[curated])


def test_the_day_after_computes_a_day_and_not_the_month(report):
    """Else the figure would be that of another full build; visits over midnight may add a day."""
    assert report["day_after"]["days_computed"] <= 3


def test_lakes_and_answers_are_thrown_away(report, folder):
    """At forty million rows each of them has gigabytes."""
    assert sorted(path.name for path in folder.iterdir()) == [f"input-{ROWS}-{DAYS}-days", "page.md", "report.json"]


def test_the_page_shows_the_report(report, folder):
    """The page is rendered from the figures, never written by hand."""
    text = (folder / "page.md").read_text()
    assert text == page(report)
    assert all(one["by"] in text for one in report["questions"])


def test_the_page_is_written_anew_without_measuring(report, folder):
    """Another wording must not cost hours; and where nothing was measured, the command says so."""
    again = folder / "again.md"
    for work_dir, status in ((folder, 0), (folder / "nowhere", 1)):
        command = ["lake-page", str(again), "--work-dir", str(work_dir)]
        assert CliRunner().invoke(app, command, catch_exceptions=False).exit_code == status
    assert again.read_text() == page(report)
    again.unlink()


def aimed(**changes: float) -> dict:
    """Return a report of two sizes that meets every aim, but for the changes."""
    given = {"exponent": 1.0, "blocks": 13.0, "pandas": 100.0, "day": 5.0, "peak": 8e9, **changes}
    seconds = {
        OURS_ALONE: 10.0,
        OURS_FROM_EVENTS: given["blocks"],
        WAYS["duckdb"]: 10.0,
        WAYS["pandas"]: given["pandas"],
    }
    large = [{"rows": 40_000_000, "by": by, "seconds": 4 * took} for by, took in seconds.items() if by != "pandas"]
    small = [
        {"rows": 10_000_000, "by": by, "seconds": took if by == "pandas" else 10.0} for by, took in seconds.items()
    ]
    peaks = [
        {"engine": "duckdb", "rows": rows, "curate_peak_bytes": peak, "marts_peak_bytes": 1}
        for rows, peak in ((10_000_000, 9e9), (40_000_000, given["peak"]))
    ]
    return {
        "growth": [{"engine": "duckdb", "job": "curate", "exponent": given["exponent"]}],
        "questions": small + large,
        "day_after": {"days_before": 30, "day_seconds": given["day"], "before_seconds": 100.0},
        "pipelines": peaks,
    }


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, {}),
        ({"exponent": 1.2}, {"growth of curate by duckdb: power of the rows": "by a factor of 1.2"}),
        ({"blocks": 26.0}, {f"{OURS_FROM_EVENTS}, against by hand, 40,000,000 rows": "by a factor of 2.0"}),
        (
            {"pandas": 50.0},
            {
                f"{by}, faster than pandas, 10,000,000 rows": "by a factor of 2.0"
                for by in (OURS_ALONE, OURS_FROM_EVENTS)
            },
        ),
        ({"day": 10.0}, {"the day after, of the full build of 30 days": "by a factor of 2.0"}),
        ({"peak": 12e9}, {"memory of curate and marts by duckdb, 40,000,000 rows": "by a factor of 1.5"}),
    ],
)
def test_an_aim_that_is_missed_says_so(changes, missed):
    """Each is about the largest size that both sides were measured at."""
    assert {aim.what: aim.apart for aim in lake_aims(aimed(**changes)) if not aim.met} == missed
    assert len(lake_aims(aimed())) == 7


def test_what_was_not_measured_has_no_aim(report):
    """At few rows there is neither growth nor a bound of memory; pandas may be left out."""
    without = {**report, "questions": [one for one in report["questions"] if one["by"] != WAYS["pandas"]]}
    assert list(by_hand_against_pandas(without)) == []
    assert ["day after" in aim.what for aim in lake_aims(without)] == [False, False, True]
    assert all(aim.what in page(report) for aim in lake_aims(report))


def test_the_input_is_the_same_again(source, tmp_path):
    """Two runs on one machine measure the same work."""
    again = prepare(ROWS, below=tmp_path, days=DAYS)
    assert lines(again) == lines(source)


def test_the_input_has_the_shape_of_a_shop(source):
    """Shares and repetition decide what grouping costs; some records come twice and some are no events."""
    read = [parse(line, arrived_at=LONG_AFTER) for line in lines(source)]
    events = [event for event in read if isinstance(event, Event)]
    kinds = [event.event_type for event in events]
    assert kinds.count("cart") / len(kinds) == pytest.approx(0.03, abs=0.01)
    assert kinds.count("purchase") / len(kinds) == pytest.approx(0.015, abs=0.007)
    assert len(read) > len(events) > len({event.event_id for event in events}) > 0.9 * ROWS
    assert {event.event_time.date() for event in events} >= set(source.days)


def test_the_bucket_lists_and_gives_what_lies_in_the_folder(source, monkeypatch):
    """The jobs read through boto3; an object that was not listed would be work not done."""
    with served(source.folder) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        found = RawBucket(name=BUCKET).objects(EVENTS_PREFIX)
        paths = sorted(source.folder.rglob("*.gz"))
        assert [raw.key for raw in found] == [path.relative_to(source.folder).as_posix() for path in paths]
        assert RawBucket(name=BUCKET).read(found[0].key) == gzip.decompress(paths[0].read_bytes())
        with pytest.raises(RawError, match="NoSuchKey"):
            RawBucket(name=BUCKET).read(EVENTS_PREFIX + "nothing.gz")


def test_the_bucket_withholds_what_has_not_been_delivered(source, monkeypatch):
    """The day after begins with thirty days."""
    last = delivered_from(source.days[-1])
    with served(source.folder, withheld=last) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        keys = [raw.key for raw in RawBucket(name=BUCKET).objects(EVENTS_PREFIX)]
    assert keys
    assert not [key for key in keys if key >= last]


@pytest.mark.parametrize("changed", ["visitors", "purchases", "day"])
def test_a_fingerprint_tells_one_changed_cell(changed, tmp_path):
    """The agreement of the answers rests on it; the order of rows does not count."""
    question = next(question for question in QUESTIONS if question.name == "daily_visitors")
    numbers = ", ".join(f"{place} AS {name}" for place, name in enumerate(question.columns[1:]))
    rows = f"SELECT DATE '2019-10-01' + n::INTEGER AS day, {numbers} FROM range(3) AS days (n)"
    other = rows.replace(f" AS {changed},", f" + CASE n WHEN 2 THEN 1 ELSE 0 END AS {changed},")
    for name, query in (("one", rows), ("same", f"{rows} ORDER BY n DESC"), ("other", other)):
        (tmp_path / name).mkdir()
        duckdb.sql(query).write_parquet(str(tmp_path / name / "answer.parquet"))
    one, same, different = (fingerprint(question, tmp_path / name) for name in ("one", "same", "other"))
    assert one == same != different


def test_growth_is_the_power_of_the_rows():
    """1 is in proportion, 2 is the square."""
    assert growth_exponent((10, 1.0), (40, 4.0)) == pytest.approx(1)
    assert growth_exponent((10, 1.0), (40, 16.0)) == pytest.approx(2)


def test_a_task_that_fails_is_named_with_its_error():
    """A figure of a process that died early would be a very good one."""
    with pytest.raises(BenchmarkError, match=r"(?s)curate failed \(1\):.*TypeError"):
        run_task("curate", {"no": "settings", "now": LONG_AFTER.isoformat()})
