"""A lake that cannot be worked with says so in one line, and is never another lake's, nor an empty one's."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import boto3
import duckdb
import pytest
from lake_rig import Lake, Saved, deliver, embedded, new_bucket, put
from typer.testing import CliRunner, Result

from glue_jobs.__main__ import app
from glue_jobs.engine import EngineError
from glue_jobs.tables import EVENTS, RUNS

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
ASK = ("ask", "daily_visitors")
WRITING = (("curate",), ("marts",), ("erase", "u1"), ("upkeep",))


@pytest.fixture(scope="module")
def saved(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Return a lake, built."""
    folder = tmp_path_factory.mktemp("faults")
    bucket = new_bucket()
    deliver(bucket, "one_day")
    lake = embedded(bucket, folder / "lake")
    lake.curate()
    lake.build()
    return Saved.of(lake, folder / "saved")


@pytest.fixture
def lake(saved: Saved) -> Lake:
    """Return that lake as it was built."""
    return saved.again()


def call(lake: Lake, *words: str, warehouse: Path | str = "", **settings: str) -> Result:
    environment = {
        "RAW_BUCKET": lake.settings.raw_bucket,
        "WAREHOUSE": str(warehouse or lake.settings.warehouse),
        "DATABASE": "shop",
        "ENGINE": "duckdb",
        "CATALOG": "sqlite",
        **settings,
    }
    return CliRunner().invoke(app, list(words), env=environment)


def refused(result: Result, *words: str) -> None:
    """Make sure that the command ended with one line that has these words."""
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert [word for word in words if word not in result.output] == []


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of the lake but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("words", [ASK, *WRITING], ids=lambda words: words[0])
def test_a_copy_of_a_lake_is_not_worked_on(words: tuple[str, ...], lake: Lake, tmp_path: Path) -> None:
    """Its catalog names the files of the original: it would answer from them, and erase them."""
    original, copy = Path(lake.settings.warehouse), tmp_path / "copy"
    shutil.copytree(original, copy)
    before, raw = files(original), lake.settings.raw_bucket
    put(raw, "raw/events/2019/10/01/09/late.gz", b"{}")
    refused(call(lake, *words, warehouse=copy), f"was made in '{original}'", "put it back there")
    assert files(original) == before


def test_a_lake_that_was_moved_says_where_it_was(lake: Lake, tmp_path: Path) -> None:
    """And is whole again once it is put back."""
    folder, moved = Path(lake.settings.warehouse), tmp_path / "moved"
    folder.rename(moved)
    result = call(lake, *ASK, warehouse=moved)
    moved.rename(folder)
    refused(result, f"was made in '{folder}'")
    assert call(lake, *ASK).exit_code == 0


def test_a_lake_may_be_called_by_any_of_its_names(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a link, by a path from here; and it may lie elsewhere as long as a link leads there from where it was."""
    folder, moved = Path(lake.settings.warehouse), tmp_path / "moved"
    link = tmp_path / "link"
    link.symlink_to(folder)
    answer = call(lake, *ASK).output
    monkeypatch.chdir(folder.parent)
    assert call(lake, *ASK, warehouse=link).output == answer
    assert call(lake, *ASK, warehouse=folder.name).output == answer
    folder.rename(moved)
    folder.symlink_to(moved)
    try:
        assert call(lake, *ASK).output == call(lake, *ASK, warehouse=moved).output == answer
    finally:
        folder.unlink()
        moved.rename(folder)


def damage_the_catalog(folder: Path) -> None:
    (folder / "catalog.db").write_bytes(b"no catalog")


def lose(pattern: str) -> Callable[[Path], None]:
    def lose_files(folder: Path) -> None:
        for path in list(folder.rglob(pattern)):
            path.unlink()

    return lose_files


def cut_the_data(folder: Path) -> None:
    for path in folder.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize(
    "damage",
    [damage_the_catalog, lose("*.metadata.json"), lose("snap-*.avro"), lose("*.parquet"), cut_the_data],
    ids=["catalog", "metadata", "snapshots", "data", "cut data"],
)
@pytest.mark.parametrize("words", [ASK, ("backfill", "--from", "2019-10-01", "--to", "2019-10-02")], ids=["ask", "job"])
def test_a_damaged_lake_says_what_to_do(words: tuple[str, ...], damage: Callable[[Path], None], lake: Lake) -> None:
    """Whoever stands before it needs no trace from the depths of a library."""
    damage(Path(lake.settings.warehouse))
    refused(call(lake, *words), "put the lake back from a copy, or build it anew from raw")


@pytest.mark.parametrize("words", [ASK, ("backfill", "--from", "2019-10-01", "--to", "2019-10-02")], ids=["ask", "job"])
def test_too_little_memory_is_said_to_be_that(words: tuple[str, ...], lake: Lake) -> None:
    """With the settings that help."""
    refused(call(lake, *words, MEMORY_MEGABYTES="1"), "memory_megabytes", "batch_megabytes", "days_at_once")


def test_a_second_writer_is_told_to_run_again(lake: Lake) -> None:
    """In an account nothing makes two different jobs take turns, and what both have read both would add."""
    second = embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse))
    everything = f"SELECT {', '.join(EVENTS.column_names)} FROM events"
    lake.engine.append(EVENTS, everything)
    with pytest.raises(EngineError, match="another job has written to the lake meanwhile"):
        second.engine.append(EVENTS, everything)


def test_a_fault_keeps_its_trace(lake: Lake) -> None:
    """Whoever looks for a fault of our own needs more than the line."""
    with pytest.raises(EngineError) as raised:
        lake.engine.ask("SELECT nothing FROM nowhere")
    assert isinstance(raised.value.__cause__, duckdb.Error)


def test_a_bucket_that_cannot_be_listed_leaves_no_lake(s3: str, lake: Lake, tmp_path: Path) -> None:
    """One of empty tables would answer that there was nobody in the shop."""
    for words in (("curate",), ("backfill", "--from", "2019-10-01", "--to", "2019-10-01")):
        refused(call(lake, *words, warehouse=tmp_path, RAW_BUCKET="no-such-bucket"), "cannot be listed")
        refused(call(lake, *ASK, warehouse=tmp_path), "no database 'shop'")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"WAREHOUSE": ""}, "LakeSettings: warehouse is empty: "),
        ({"WAREHOUSE": " "}, "LakeSettings: warehouse is empty: "),
        ({"SHOP_TIME_ZONE": "Europe/Berlino"}, "LakeSettings: shop_time_zone is 'Europe/Berlino': "),
        ({"SHOP_TIME_ZONE": ""}, "LakeSettings: shop_time_zone is '': "),
    ],
)
def test_settings_that_nothing_can_be_done_with_are_refused(
    settings: dict[str, str], line: str, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is begun: an empty name is not the folder somebody happens to stand in."""
    monkeypatch.chdir(tmp_path)
    for words in (ASK, ("marts",)):
        refused(call(lake, *words, **settings), line)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        (*ASK, "--from", ""),
        (*ASK, "--to", ""),
        (*ASK, "--from", "20191005"),
        ("ledger", "--from", ""),
        ("ledger", "--to", ""),
        ("backfill", "--from", "2019-W40-6", "--to", "2019-10-05"),
    ],
)
def test_a_day_that_is_none_is_not_read_as_something_else(words: tuple[str, ...], lake: Lake) -> None:
    """A script's empty variable is no wish for all days."""
    refused(call(lake, *words), "2019-10-01" if words[0] != "ledger" else "2025-03-03")


def test_damaged_objects_hold_nothing_up_and_are_told_of(s3: str, tmp_path: Path) -> None:
    """All others of both feeds are taken, the run fails and names the first; repaired they are taken like any."""
    bucket, whole = new_bucket(), new_bucket()
    for each in (bucket, whole):
        deliver(each, "one_day")
        deliver(each, "incidents")
    client = boto3.client("s3")
    listed = [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]]
    cut = [min(key for key in listed if key.startswith(f"raw/{feed}/")) for feed in ("events", "incidents")]
    bodies = {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in cut}
    for key, body in bodies.items():
        client.put_object(Bucket=bucket, Key=key, Body=body[:-9])

    lake, undisturbed = embedded(bucket, tmp_path / "cut"), embedded(whole, tmp_path / "whole")
    refused(call(lake, "curate"), f"s3://{bucket}/{cut[0]} is no gzip file", "damaged objects: 2")
    lake = embedded(bucket, tmp_path / "cut")
    assert {row["source_object"] for row in lake.rows("SELECT source_object FROM runs")} == set(listed) - set(cut)
    assert lake.rows("SELECT * FROM events") != []
    refused(call(lake, "curate"), "damaged objects: 2")

    for key, body in bodies.items():
        client.put_object(Bucket=bucket, Key=key, Body=gzip.compress(gzip.decompress(body)))
    again = embedded(bucket, tmp_path / "cut")
    again.curate()
    undisturbed.curate()
    ids = "SELECT event_id FROM events ORDER BY event_id"
    assert again.rows(ids) == undisturbed.rows(ids)
    records = f"SELECT SUM(records) AS records, SUM(rejects) AS rejects FROM {RUNS.name}"
    assert again.rows(records) == undisturbed.rows(records)
