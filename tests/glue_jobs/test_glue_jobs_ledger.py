"""The lake's side of the ledger: what balances, and each way in which it must not."""

import gzip
import json
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from lake_rig import NOW, Lake, Saved, deliver, embedded, new_bucket, put
from signals import risk
from typer.testing import CliRunner

from commerce.arrival import Hours, HoursError, read_hours
from commerce.incident import to_line
from glue_jobs.__main__ import app
from glue_jobs.asking import ask
from glue_jobs.erase import Erase
from glue_jobs.ledger import LakeAccount, LakeLedger
from glue_jobs.raw import RawBucket
from glue_jobs.tables import EVENTS, INCIDENTS, REJECTS, RISK_SIGNALS, RUNS, TALLIES, Table

SCENARIOS = ("one_day", "resent_and_late", "incidents")


def account(lake: Lake, hours: Hours | None = None) -> LakeAccount:
    raw = RawBucket(name=lake.settings.raw_bucket)
    return LakeLedger(engine=lake.engine, raw=raw, settings=lake.settings).account(hours or Hours())


def told(lake: Lake) -> dict[str, tuple[int, str]]:
    return {found.between: (found.records, found.first) for found in account(lake).differences}


@pytest.fixture(scope="module")
def saved(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Return a lake of all scenarios and one signal of risk, curated."""
    bucket, folder = new_bucket(), tmp_path_factory.mktemp("ledger")
    for scenario in SCENARIOS:
        deliver(bucket, scenario)
    put(bucket, "raw/incidents/2019/10/01/11/risk.gz", to_line(risk("u1")) + b"\n")
    filled = embedded(bucket, folder / "lake")
    filled.curate()
    return Saved.of(filled, folder / "saved")


@pytest.fixture
def lake(saved: Saved) -> Lake:
    """Return that lake as it was filled."""
    return saved.again()


@pytest.fixture
def an_event(lake: Lake) -> dict[str, object]:
    """Return the first event by its place."""
    return lake.rows("SELECT event_id, source_object, line_number FROM events ORDER BY 2, 3 LIMIT 1")[0]


def test_a_lake_that_curate_has_filled_balances(lake: Lake) -> None:
    """Every record is accepted, rejected or a duplicate, and the sum is that of the raw lines."""
    found = account(lake)
    assert found.differences == ()
    assert found.records == found.accepted + found.rejected + found.duplicates > 0
    assert min(found.accepted, found.rejected, found.duplicates) > 0, "the scenarios would prove little"
    assert sum(found.rejects_by_reason.values()) == found.rejected
    assert found.emitted.keys() == found.curated != frozenset()


def test_an_event_that_is_gone_is_named(lake: Lake, an_event: dict[str, object]) -> None:
    """Whoever is to find a lost record has to know which one it is."""
    lake.engine.delete(EVENTS, "event_id", [str(an_event["event_id"])])
    records, first = told(lake)["raw record in no table of the lake"]
    assert records >= 1
    assert first == "event {event_id}, {source_object}, line {line_number}".format(**an_event)
    assert "rows of the lake and their account in runs" in told(lake)


def test_an_event_that_curate_called_a_duplicate_and_is_none_is_named(lake: Lake, an_event: dict[str, object]) -> None:
    """Duplicates are what remains: an account that swallows a lost event adds up all the same."""
    lake.engine.delete(EVENTS, "event_id", [str(an_event["event_id"])])
    columns = ", ".join(
        {"events": "events - 1 AS events", "duplicates": "duplicates + 1 AS duplicates"}.get(name, name)
        if name in ("events", "duplicates")
        else name
        for name in RUNS.column_names
    )
    there, others = (f"FROM runs WHERE source_object {sign} '{an_event['source_object']}'" for sign in ("=", "<>"))
    select = f"SELECT {columns} {there} UNION ALL SELECT {', '.join(RUNS.column_names)} {others}"
    lake.engine.replace(RUNS, select)
    assert list(told(lake)) == ["raw record in no table of the lake"]


def test_a_reject_that_is_gone_is_named_by_its_place(lake: Lake) -> None:
    """A record that is no event has no id, only a place."""
    place = lake.rows("SELECT source_object, line_number FROM rejects ORDER BY 1, 2 LIMIT 1")[0]
    lake.engine.delete_lines(REJECTS, {place["source_object"]: [place["line_number"]]})
    assert told(lake)["raw record in no table of the lake"] == (
        1,
        "{source_object}, line {line_number}".format(**place),
    )


OTHER_VALUE = {
    "string": "'nobody'",
    "binary": "CAST('nothing' AS BLOB)",
    "bigint": "1000 + {name}",
    "date": "{name} + 1",
    "timestamp": "{name} + INTERVAL 1 SECOND",
    "decimal(12,2)": "1 + {name}",
}
# Another id is an event that is lost, and another object an account that does not add up.
IN_COLUMNS = [
    (table, column.name)
    for table in (EVENTS, REJECTS)
    for column in table.columns
    if column.name not in ("event_id", "source_object")
]


def alter(lake: Lake, table: Table, column: str, *, where: str = "TRUE") -> None:
    """Put another value into a column of the rows."""
    other = OTHER_VALUE[table.type_of(column)].format(name=column)
    values = [
        f"CASE WHEN {where} THEN {other} ELSE {name} END AS {name}" if name == column else name
        for name in table.column_names
    ]
    lake.engine.replace(table, f"SELECT {', '.join(values)} FROM {table.name}")


@pytest.mark.parametrize(("table", "column"), IN_COLUMNS, ids=[f"{each.name}.{name}" for each, name in IN_COLUMNS])
def test_a_row_that_is_not_what_its_record_says_is_named(lake: Lake, table: Table, column: str) -> None:
    """Ids and numbers may all be right where the shop's money is not."""
    of_events = "source_object LIKE 'raw/events/%'"
    find = f"SELECT * FROM {table.name} WHERE {of_events} ORDER BY source_object DESC, line_number DESC LIMIT 1"
    last = lake.rows(find)[0]
    where = "source_object = '{source_object}' AND line_number = {line_number}".format(**last)
    alter(lake, table, column, where=where)
    line = last["line_number"] + (1000 if column == "line_number" else 0)
    name = f"event {last['event_id']}, " if table is EVENTS else ""
    differing = told(lake).get(f"{table.name[:-1]} of the lake that differs from its raw record")
    assert differing == (1, f"{name}{last['source_object']}, line {line}")


def test_rows_that_are_all_altered_are_all_counted(lake: Lake) -> None:
    """The sums are those of before, and so are the accounts: only the records tell."""
    alter(lake, EVENTS, "user_id")
    alter(lake, REJECTS, "line")
    found = account(lake)
    counted = {difference.between: difference.records for difference in found.differences}
    there = lake.rows("SELECT COUNT(*) AS events, (SELECT COUNT(*) FROM rejects) AS rejects FROM events")[0]
    assert counted == {
        "event of the lake that differs from its raw record": there["events"],
        "reject of the lake that differs from its raw record": there["rejects"],
    }


def test_a_reject_of_the_archive_is_compared_too(lake: Lake) -> None:
    """What the detector sent and nobody could read is all there is to find out why."""
    (place,) = lake.rows("SELECT source_object, line_number FROM rejects WHERE source_object LIKE 'raw/incidents/%'")
    name = "{source_object}, line {line_number}".format(**place)
    alter(lake, REJECTS, "reason", where="source_object LIKE 'raw/incidents/%'")
    assert told(lake) == {"reject of the lake that differs from its raw record": (1, name)}
    lake.engine.delete_lines(REJECTS, {place["source_object"]: [place["line_number"]]})
    assert told(lake)["raw record in no table of the lake"] == (1, name)


def test_an_event_that_came_again_with_other_values_is_what_its_first_bringer_says(lake: Lake) -> None:
    """A sender that tries again may have changed its mind about the price; that is no fault of the lake."""
    line = {"event_id": "twice", "event_time": "2019-10-09T09:00:00.000Z", "event_type": "view", "product_id": "1"}
    prices = [json.dumps({**line, "price": price, "user_id": "7"}).encode() for price in ("1", "2", "3.0")]
    put(lake.settings.raw_bucket, "raw/events/2019/10/09/10/a.gz", b"\n".join(prices[:2]))
    put(lake.settings.raw_bucket, "raw/events/2019/10/09/11/a.gz", prices[2])
    lake.curate()
    assert told(lake) == {}


def test_a_lake_without_one_of_its_users_balances(lake: Lake) -> None:
    """Whoever is erased is gone from both sides."""
    user = lake.rows("SELECT user_id FROM events ORDER BY source_object, line_number LIMIT 1")[0]["user_id"]
    raw = RawBucket(name=lake.settings.raw_bucket)
    Erase(engine=lake.engine, raw=raw, settings=lake.settings, clock=lambda: NOW, user_id=user).run()
    lake.curate()
    assert lake.rows(f"SELECT event_id FROM events WHERE user_id = '{user}'") == []
    assert told(lake) == {}


def test_an_event_that_is_there_twice_is_named(lake: Lake, an_event: dict[str, object]) -> None:
    """Doubled is as wrong as lost."""
    lake.engine.append(EVENTS, f"SELECT * FROM events WHERE event_id = '{an_event['event_id']}'")
    assert told(lake)["event that the lake has more than once"] == (1, f"event {an_event['event_id']}")


def test_an_object_taken_twice_is_a_difference(lake: Lake, an_event: dict[str, object]) -> None:
    """Two runs at once would both take it, and both accounts would add up."""
    lake.engine.append(RUNS, f"SELECT * FROM runs WHERE source_object = '{an_event['source_object']}'")
    assert told(lake)["raw object and its account in runs"][1] == an_event["source_object"]
    assert told(lake)["rows of the lake and their account in runs"][1] == an_event["source_object"]


def test_an_object_that_nobody_has_taken_is_named_with_all_its_records(lake: Lake) -> None:
    """It may be waiting for the next run, or be forgotten for ever: the ledger says that it is not in the lake."""
    put(lake.settings.raw_bucket, "raw/events/2019/10/09/10/late.gz", b"\n{}\n{}\n")
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/09/10/late.gz", b"{}\n")
    assert told(lake) == {
        "raw record that curate has not taken": (3, "raw/events/2019/10/09/10/late.gz, line 2"),
    }


def test_a_line_that_came_into_an_object_after_it_was_taken_is_named(lake: Lake, an_event: dict[str, object]) -> None:
    """What is taken is never looked at again by anybody else."""
    bucket, key, s3 = lake.settings.raw_bucket, str(an_event["source_object"]), boto3.client("s3")
    content = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    put(bucket, key, content + b'{"no": "event"}\n')
    assert told(lake)["raw object and its account in runs"] == (1, key)
    assert told(lake)["raw record in no table of the lake"] == (1, f"{key}, line {len(content.splitlines()) + 1}")


@pytest.mark.parametrize(
    ("table", "column", "between"),
    [
        (INCIDENTS, "incident_id", "incident of the archive that the lake has not"),
        (TALLIES, "tally_id", "tally of the archive that the lake has not"),
        (RISK_SIGNALS, "risk_id", "risk of the archive that the lake has not"),
    ],
)
def test_what_the_detector_told_and_is_gone_is_named(lake: Lake, table, column: str, between: str) -> None:
    """The lake's incidents decide whose events are taken out of the numbers."""
    name = lake.rows(f"SELECT MIN({column}) AS name FROM {table.name}")[0]["name"]
    lake.engine.delete(table, column, [name])
    records, first = told(lake)[between]
    assert (records, first.split(",")[0]) == (1, name)


def test_hours_leave_out_what_came_before_and_after(lake: Lake) -> None:
    """A balance of one hour must not be upset by another one."""
    whole = account(lake)
    put(lake.settings.raw_bucket, "raw/events/2019/10/09/10/late.gz", b"{}\n")
    parts = [account(lake, hours) for hours in (read_hours("", "2019-10-01"), read_hours("2019-10-02", "2019-10-08"))]
    assert all(part.differences == () for part in parts)
    for name in ("objects", "records", "accepted", "rejected", "duplicates"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
    assert account(lake, read_hours("2019-10-09T10", "2019-10-09T10")).differences != ()


def test_the_named_query_shows_the_hours_and_names_the_object(lake: Lake, an_event: dict[str, object]) -> None:
    """In Athena it is all there is: it must see a row that is gone by itself."""

    def rows() -> list[tuple[object, ...]]:
        return ask(lake.engine, "ledger").rows

    sums = {name: index for index, name in enumerate(ask(lake.engine, "ledger").columns)}
    assert {row[sums["unexplained"]] for row in rows()} == {0}
    lake.engine.delete(EVENTS, "event_id", [str(an_event["event_id"])])
    (wrong,) = [row for row in rows() if row[sums["unexplained"]]]
    assert (wrong[sums["unexplained"]], wrong[sums["first_object"]]) == (1, an_event["source_object"])


def test_an_empty_lake_balances(s3: str, tmp_path: Path) -> None:
    """On the first day nothing is missing."""
    assert account(embedded(new_bucket(), tmp_path)).differences == ()


@pytest.mark.parametrize("first,last", [("3 March", ""), ("2025-03-03T08:30", ""), ("2025-03-04", "2025-03-03")])
def test_hours_that_are_none_are_refused(first: str, last: str) -> None:
    """A balance of the wrong hours would be believed."""
    with pytest.raises(HoursError):
        read_hours(first, last)


def test_a_day_is_all_its_hours() -> None:
    """The last day counts to its end."""
    hours = read_hours("2025-03-03", "2025-03-03")
    assert hours.since is not None
    assert hours.until is not None
    assert (hours.until - hours.since).total_seconds() == 24 * 3600
    assert hours.hold(hours.since)
    assert not hours.hold(hours.until)


def test_the_command_ends_with_one_where_something_differs(lake: Lake, an_event: dict[str, object]) -> None:
    """A tool must not have to read the table."""

    def run() -> Result:
        settings = lake.settings
        places = ["--raw-bucket", settings.raw_bucket, "--warehouse", settings.warehouse, "--database", "shop"]
        engine = ["--engine", "duckdb", "--catalog", "sqlite"]
        return CliRunner().invoke(app, [*places, *engine, "ledger", "--format", "json"])

    balanced = run()
    assert (balanced.exit_code, {row["kind"] for row in json.loads(balanced.output)}) == (0, {""})
    lake.engine.delete(EVENTS, "event_id", [str(an_event["event_id"])])
    different = run()
    (*_, last) = json.loads(different.output)
    assert (different.exit_code, last["kind"]) == (1, "difference")
    assert any(str(an_event["event_id"]) in row["what"] for row in json.loads(different.output))
