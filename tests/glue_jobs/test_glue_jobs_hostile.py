"""Nothing that is typed at the lake's command line becomes SQL, a command or a file elsewhere."""

import pytest
from hostile import DAYS, HOURS, PATHS, SQL, WORDS, left_alone, refused_in_one_line
from lake_rig import deliver, new_bucket
from typer.testing import CliRunner

from glue_jobs.__main__ import app
from glue_jobs.settings import LakeSettings

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
# What the operating system hands to a program holds no NUL, and a variable no half of a pair.
VARIABLES = [word for word in WORDS if word and "\0" not in word and "\ud800" not in word]


@pytest.fixture(scope="module")
def lake(s3, tmp_path_factory) -> LakeSettings:
    """Return a lake with a day in it; after all tests it has what it had before."""
    bucket, folder = new_bucket(), tmp_path_factory.mktemp("lake")
    deliver(bucket, "one_day")
    deliver(bucket, "incidents")
    lake = LakeSettings(raw_bucket=bucket, warehouse=str(folder), database="shop", engine="duckdb", catalog="sqlite")
    assert call(lake, "curate").exit_code == 0
    before = rows(lake)
    yield lake
    assert rows(lake) == before


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path, monkeypatch):
    """Run in an empty folder, which is empty afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    assert left_alone(tmp_path) == {}


def call(settings: LakeSettings, *words: str, **changes: str):
    given = {
        "RAW_BUCKET": settings.raw_bucket,
        "WAREHOUSE": settings.warehouse,
        "DATABASE": settings.database,
        "ENGINE": settings.engine,
        "CATALOG": settings.catalog,
    }
    return CliRunner().invoke(app, list(words), env=given | changes)


def rows(settings: LakeSettings) -> str:
    answers = [call(settings, "ask", name, "--format", "csv").stdout for name in ("curate_runs", "incidents_by_rule")]
    assert all(answers)
    return "".join(answers)


def test_a_question_is_asked_by_a_name_of_the_list_only(lake):
    """A name is looked up, not opened as a file nor put into a statement."""
    for word in WORDS:
        refused_in_one_line(call(lake, "ask", "--", word))


def test_a_day_of_a_question_is_read_before_it_is_asked(lake):
    """Days stand in the statement as text."""
    for day in filter(None, DAYS):
        for option in ("--from", "--to"):
            refused_in_one_line(call(lake, "ask", "daily_visitors", f"{option}={day}"))


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_an_hour_of_the_ledger_is_an_hour(lake, option):
    """A balance of other hours than were meant would be believed."""
    for hour in HOURS:
        refused_in_one_line(call(lake, "ledger", f"{option}={hour}"))


def test_a_day_of_a_backfill_is_read_before_anything_is_deleted(lake):
    """Days become the prefix of the objects that are taken anew."""
    for day in DAYS:
        refused_in_one_line(call(lake, "backfill", f"--from={day}", "--to=2019-10-01"))


@pytest.mark.parametrize("question", ["user_history", "incident_events"])
def test_what_a_question_asks_for_is_a_value(lake, question):
    """Whoever is asked about is compared with, and is never part of the statement."""
    for word in WORDS:
        answer = call(lake, "ask", question, "--format", "csv", "--", word)
        if answer.exit_code:
            refused_in_one_line(answer)
        else:
            assert len(answer.stdout.splitlines()) == 1, f"the question about {word!r} has an answer"


def test_a_user_and_an_incident_are_values(lake):
    """They must be there: an erasure that took a pattern for an id could not be undone."""
    for word in (*SQL, "$(touch pwned)", "%", "_", "\ud800", "../../etc"):
        refused_in_one_line(call(lake, "withdraw", "--because", "a try", "--", word))
        refused_in_one_line(call(lake, "erase", "--", word))


@pytest.mark.parametrize("name", ["ENGINE", "CATALOG", "DATABASE"])
def test_engine_catalog_and_database_are_checked(lake, name):
    """The first two choose a class, never a module by its name; the third stands in statements of Spark."""
    for word in VARIABLES:
        refused_in_one_line(call(lake, "ask", "curate_runs", **{name: word}))


def test_a_bucket_has_the_name_of_a_bucket(lake):
    """A name with slashes would reach into another bucket's path."""
    for bucket in ("../other", "a b", "x/../../etc", "$(touch pwned)", "'; DROP TABLE runs; --", "nobodys-bucket"):
        refused_in_one_line(call(lake, "curate", RAW_BUCKET=bucket))


@pytest.mark.parametrize("command", ["curate", "ask curate_runs"])
def test_a_warehouse_that_is_no_folder_is_refused(lake, command):
    """Where the lake is told to be is where it is looked for, and nowhere near."""
    for path in (path for path in PATHS if path.startswith(("/dev", "a" * 300))):
        refused_in_one_line(call(lake, *command.split(), WAREHOUSE=path))


def test_a_file_that_appears_would_be_seen(tmp_path):
    """The check after each test must be able to fail."""
    (tmp_path / "pwned").touch()
    assert list(left_alone(tmp_path)) == ["pwned"]
    (tmp_path / "pwned").unlink()
