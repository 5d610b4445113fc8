"""The jobs and questions as people and Glue call them: real processes, real files."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot
from lake_rig import deliver, new_bucket
from typer.testing import CliRunner

from commerce.settings import to_arguments
from glue_jobs import answers
from glue_jobs.__main__ import app
from glue_jobs.engine import Answer
from glue_jobs.entry import arguments
from glue_jobs.marts import Period, marts
from glue_jobs.questions import questions
from glue_jobs.settings import LakeSettings
from glue_jobs.tables import TABLES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings(s3, tmp_path_factory) -> LakeSettings:
    """Return settings of a lake that the Glue script has filled, curate then marts, each in its process."""
    bucket, folder = new_bucket(), tmp_path_factory.mktemp("lake")
    deliver(bucket, "one_day")
    deliver(bucket, "incidents")
    return LakeSettings(raw_bucket=bucket, warehouse=str(folder), database="shop", engine="duckdb", catalog="sqlite")


@pytest.fixture(scope="module")
def accounts(settings) -> dict[str, dict]:
    """Return what the Glue script printed last, by job."""
    return {job: json.loads(entry(settings, job).stdout.splitlines()[-1]) for job in ("curate", "marts")}


def entry(settings: LakeSettings, job: str) -> subprocess.CompletedProcess[str]:
    given = [word for pair in to_arguments(settings).items() for word in pair]
    glue = [
        "--JOB_NAME",
        "curate-1",
        "--extra-py-files",
        "s3://code/batch.zip",
        "--enable-metrics",
        "--TempDir=s3://t/",
    ]
    command = [sys.executable, str(ROOT / "glue_jobs" / "entry.py"), *glue, "--job", job, *given]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def command(settings: LakeSettings, *words: str):
    environment = {
        "WAREHOUSE": settings.warehouse,
        "DATABASE": settings.database,
        "ENGINE": settings.engine,
        "CATALOG": settings.catalog,
    }
    return CliRunner().invoke(app, list(words), env=environment)


def test_glues_script_runs_both_jobs_and_prints_their_account(accounts):
    """The runner reads the last line; Glue's own arguments do not disturb."""
    assert accounts["curate"]["records"] == 13
    assert accounts["curate"]["events"] == 9 - 2  # a and b of the second scenario were there before
    assert accounts["marts"] == {"job": "marts", "days": 2, "restatements": 0}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("--user_id", "--abc"), {"user_id": "--abc"}),
        (("--user_id", "--job", "--job", "erase"), {"user_id": "--job", "job": "erase"}),
        (("--user_id=--abc=d", "--job=erase"), {"user_id": "--abc=d", "job": "erase"}),
        (("--enable-metrics", "--job", "marts", "--TempDir", "s3://t/", "--user_id"), {"job": "marts", "user_id": ""}),
    ],
)
def test_what_stands_behind_a_name_of_the_jobs_is_its_value(words, given):
    """An id is what the shop's events have, dashes too; Glue's own arguments are none of ours."""
    assert arguments(words) == given


def test_glues_script_refuses_in_one_line(settings):
    """The run's error message in the console is all that an operator sees at first."""
    refused = entry(settings, "cook")
    assert refused.returncode == 1
    assert refused.stderr.strip() == "no job 'cook': there are curate, marts, backfill, withdraw, erase, upkeep"
    unreachable = entry(replace(settings, raw_bucket="nowhere-at-all"), "curate")
    assert unreachable.returncode == 1
    (line,) = unreachable.stderr.splitlines()
    assert "NoSuchBucket" in line


@pytest.mark.usefixtures("accounts")
def test_an_answer_comes_as_csv_and_as_json(settings):
    """Tools read these: money stays text, days and instants are ISO 8601."""
    as_json = json.loads(command(settings, "ask", "daily_visitors", "--format", "json").output)
    as_csv = list(csv.DictReader(io.StringIO(command(settings, "ask", "daily_visitors", "--format", "csv").output)))
    assert [row["day"] for row in as_json] == [row["day"] for row in as_csv] == ["2019-10-01", "2019-10-02"]
    assert as_json[0]["revenue"] == as_csv[0]["revenue"] == "20.00"


@pytest.mark.usefixtures("accounts")
def test_an_answer_can_be_one_reading_some_days_and_some_rows(settings):
    """A day without data is an empty answer, no fault."""
    asked = ("ask", "daily_visitors", "--format", "json", "--people-only")
    of_day, of_none, of_one = (
        json.loads(command(settings, *asked, *more).output)
        for more in (
            ("--from", "2019-10-02", "--to", "2019-10-02"),
            ("--from", "2031-01-01"),
            ("--limit", "1"),
        )
    )
    assert [row["day"] for row in of_day] == ["2019-10-02"]
    assert of_none == []
    assert [row["day"] for row in of_one] == ["2019-10-01"]


@pytest.mark.usefixtures("accounts")
def test_an_answer_comes_as_a_table_for_people(settings):
    """With the question's title above it."""
    shown = command(settings, "ask", "user_history", "u9")
    assert shown.exit_code == 0, shown.output
    assert "Everything one user did" in shown.output


def test_a_table_shows_texts_as_they_are(capsys):
    """A brand is what the shop's partners write: it must neither vanish as markup nor end the command."""
    answers.show(Answer(columns=("brand",), rows=[("[red]dot",), ("[/close] :bug:",)]), title="Brands")
    printed = capsys.readouterr().out
    assert "[red]dot" in printed
    assert "[/close] :bug:" in printed


def test_figures_are_whole_however_narrow_the_terminal_is(capsys, monkeypatch):
    """Half a number is a wrong one, and half an id cannot be looked up. Sentences are folded instead."""
    monkeypatch.setenv("COLUMNS", "40")
    columns = ("incident_id", "revenue", "returning_visitors", "sentence")
    row = ("a" * 64, Decimal("311607.57"), 123456, "User 12 sent 130 events within 60 seconds, twice the limit.")
    answers.show(Answer(columns=columns, rows=[row]), title="Incidents")
    printed = capsys.readouterr().out
    assert [text for text in (*columns, "a" * 64, "311607.57", "123456") if text not in printed] == []
    assert "sent 130 events within 60 seconds" not in printed


def test_a_table_does_not_give_the_terminal_orders(capsys):
    """A user agent comes from outside: what a terminal would obey is spelt out."""
    answers.show(Answer(columns=("user_agent",), rows=[("curl\x1b[2J\x9b31m\r",)]), title="History")
    printed = capsys.readouterr().out
    assert r"curl\x1b[2J\x9b31m\x0d" in printed
    assert not set("\x1b\x9b\r") & set(printed)


def test_csv_comes_back_whole_whatever_is_in_a_brand():
    """A carriage return ends a row for whoever reads it, unless it stands in quotes."""
    rows = [("acme\r", 'say "hi", you', "two\nlines", 1)]
    text = answers.to_text(Answer(columns=("a", "b", "c", "d"), rows=list(rows)), answers.Format.CSV)
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [[str(value) for value in rows[0]]]


def test_csv_and_the_table_are_data_and_no_python(capsys):
    """What a spreadsheet or an awk reads: ids with blanks between, nothing for NULL, no quotes of a language."""
    columns = ("incident_ids", "none", "converted", "tracked", "price", "missing")
    row = (["5bee72", "0c11aa"], [], True, False, Decimal("1.50"), None)
    answer = Answer(columns=columns, rows=[row])
    assert answers.to_text(answer, answers.Format.CSV).splitlines()[1] == "5bee72 0c11aa,,true,false,1.50,"
    (as_json,) = json.loads(answers.to_text(answer, answers.Format.JSON))
    assert as_json == dict(zip(columns, (["5bee72", "0c11aa"], [], True, False, "1.50", None), strict=True))
    answers.show(answer, title="Restatements")
    printed = capsys.readouterr().out
    assert not set("[]'") & set(printed)
    assert {"5bee72", "0c11aa", "true", "false"} <= set(printed.split())


@pytest.mark.usefixtures("accounts")
def test_a_week_is_asked_for_by_any_of_its_days(settings):
    """It is called by its Monday, which need not be one of the days."""
    asked = ("ask", "popular_categories_weekly", "--format", "json", "--from", "2019-10-02", "--to", "2019-10-02")
    assert {row["week"] for row in json.loads(command(settings, *asked).output)} == {"2019-09-30"}


@pytest.mark.parametrize(
    "wrong", [{"database": "shoop"}, {"warehouse": "somewhere/else"}], ids=["the database", "the folder"]
)
@pytest.mark.usefixtures("accounts")
def test_a_mistyped_lake_is_no_empty_one(wrong, settings, tmp_path, monkeypatch):
    """No visitors is an answer that somebody acts on; and whoever only asks makes nothing."""
    monkeypatch.chdir(tmp_path)
    mistyped = replace(settings, **wrong)
    for words in (("ask", "daily_visitors"), ("--raw-bucket", settings.raw_bucket, "ledger")):
        refused = command(mistyped, *words)
        assert refused.exit_code == 2
        assert refused.output.startswith(f"no database '{mistyped.database}' in '{mistyped.warehouse}': ")
    assert list(tmp_path.iterdir()) == []
    assert command(settings, "ask", "daily_visitors").exit_code == 0


@pytest.mark.parametrize("words", [("ask", "daily_visitors"), ("ledger",), ("marts",)])
def test_whoever_names_no_lake_is_told_how_to(words):
    """It is what everybody forgets first."""
    refused = CliRunner().invoke(app, list(words), env={"WAREHOUSE": None, "DATABASE": None})
    assert refused.exit_code == 2
    assert refused.output.startswith("no lake is named: give --warehouse and --database before the command")


def test_the_lake_of_an_account_is_not_asked_for_without_credentials(settings, monkeypatch):
    """One line says what is missing."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    refused = command(replace(settings, catalog="glue", warehouse="s3://lake/"), "ask", "daily_visitors")
    assert refused.exit_code == 2
    assert refused.output.count("\n") == 1
    assert "region" in refused.output


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("ask", "nothing"), "no question 'nothing': there are abandoned_carts, brand_ranking, "),
        (("ask", "user_history"), "user_history asks for <user_id>: 0 given"),
        (("ask", "daily_visitors", "--from", "yesterday"), "'yesterday' is no day: write it as 2019-10-01"),
        (("ask", "rfm", "--from", "2019-10-01"), "rfm has no day to choose by: "),
        (("ask", "curate_runs", "--people-only"), "curate_runs is about records, not about people: "),
        (("--raw-bucket", "b", "backfill", "--from", "2019-10-02", "--to", "2019-10-01"), "--to is 2019-10-01, before"),
        (("--raw-bucket", "b", "withdraw", "i0", "--because", "a"), "no incident 'i0' in the lake: "),
        (("--engine", "abacus", "--raw-bucket", "b", "curate"), "no engine 'abacus' with the catalog 'sqlite': use "),
        (("curate",), "LakeSettings: raw_bucket: missing"),
        (("--warehouse", "a%20b", "--raw-bucket", "b", "curate"), "the warehouse 'a%20b' has % in its path: choose "),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(words, line, settings):
    """Saying what would be right."""
    refused = command(settings, *words)
    assert refused.exit_code == 2
    assert refused.output.startswith(line)
    assert refused.output.count("\n") == 1


def test_a_refused_withdrawal_names_a_question_that_has_the_ids(settings):
    """Whoever mistyped one must find the right one by what the refusal says."""
    refused = command(settings, "--raw-bucket", "b", "withdraw", "i0", "--because", "a").output
    named = re.findall(r"`ask (\w+)`", refused)
    assert named
    assert all("incident_id" in questions()[name].sql for name in named)


def test_upkeep_does_not_promise_to_keep_rows():
    """With a retention set it deletes the rows that are over it."""
    told = CliRunner().invoke(app, ["upkeep", "--help"], env={"COLUMNS": "200"}).output
    assert "rows whose retention is over" in told
    assert "No row" not in told


def test_every_question_is_listed():
    """A question that nobody can find is none."""
    listed = CliRunner().invoke(app, ["list"], env={"COLUMNS": "200"}).output
    assert [name for name in questions() if name not in listed] == []


@pytest.mark.parametrize("name", sorted(questions()))
def test_athena_reads_a_question_as_it_stands(name):
    """The files become Athena's named queries untranslated: DuckDB's reading and Athena's must be the same."""
    sql = questions()[name].sql
    as_duckdb, as_athena = (
        sqlglot.transpile(sql, read=read, write="athena", comments=False)[0] for read in ("duckdb", "athena")
    )
    assert as_duckdb == as_athena


@pytest.mark.parametrize("name", sorted(questions()))
def test_a_question_says_what_it_asks_for_and_names_tables_that_exist(name):
    """A renamed table must not leave a query behind that fails in Athena only."""
    question = questions()[name]
    code = re.sub("--.*", "", question.sql)
    assert code.count("?") == len(question.asks)
    query = sqlglot.parse_one(code, read="duckdb")
    named_within = {part.alias for part in query.find_all(sqlglot.exp.CTE)}
    tables = {table.name for table in query.find_all(sqlglot.exp.Table)} - named_within
    assert tables <= {table.name for table in TABLES} | {mart.table.name for mart in marts()}


@pytest.mark.parametrize("mart", marts(), ids=lambda mart: mart.name)
def test_a_marts_query_gives_the_columns_it_documents(mart):
    """Replacing a mart goes by name, so a column too many would vanish without a word."""
    assert tuple(sqlglot.parse_one(mart.sql, read="duckdb").named_selects) == mart.column_names


@pytest.mark.parametrize("mart", marts(), ids=lambda mart: mart.name)
def test_a_mart_is_named_and_listed_by_columns_it_has(mart):
    """A key that is not there would merge rows, an order that ends before the key would list them by chance."""
    listed = [part.split()[0] for part in mart.order.split(",")]
    assert set(mart.key) <= set(mart.column_names)
    assert set(mart.key) <= set(listed) <= set(mart.column_names)
    assert mart.period is Period.NONE or mart.columns[0].name == mart.key[0] == mart.period
