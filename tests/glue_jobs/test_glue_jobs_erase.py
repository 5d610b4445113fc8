"""Erasing a user leaves nothing of them, changes nothing of anybody else, and can die anywhere."""

import hashlib
from datetime import date
from pathlib import Path

import boto3
import pytest
from erasure_rig import CLEAN, LATER, NOW, RAW, USER, Shop, erase, event, fill, filled_shop, raw_objects, texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_rig import Lake, embedded, new_bucket, only_few_marts, put
from small_shop import USERS, small_shop

from commerce.event import Event, parse
from glue_jobs.erase import EraseError
from glue_jobs.jobs import JobError, run_job
from glue_jobs.marts import marts
from glue_jobs.settings import Order
from glue_jobs.traces import Sought
from glue_jobs.upkeep import every_table


@pytest.fixture(scope="module")
def filled(s3, tmp_path_factory) -> Shop:
    with only_few_marts(tmp_path_factory.mktemp("few-marts")):
        return filled_shop(tmp_path_factory.mktemp("erase"))


@pytest.fixture
def shop(few_marts, filled) -> Shop:
    return filled


def rebuilt(lake: Lake, folder: Path) -> Lake:
    """Return a new lake made of the raw objects as they are now."""
    anew = embedded(lake.settings.raw_bucket, folder)
    anew.curate()
    anew.build()
    return anew


def test_each_record_of_the_user_becomes_an_empty_line_and_all_else_stays(shop):
    """The raw bytes are what the lake is rebuilt from: line numbers and other people's bytes must not move."""
    lake = shop.again()
    erase(lake)
    assert raw_objects(lake) == {**CLEAN, **{key: [b"", lines[1]] for key, lines in LATER.items()}}


def test_the_lake_is_what_a_rebuild_without_the_user_gives(shop, tmp_path):
    """Otherwise the first rebuild would change numbers, or bring the user back."""
    lake = shop.again()
    erase(lake)
    lake.curate()
    lake.build()
    anew = rebuilt(lake, tmp_path)
    assert lake.tables() == anew.tables()
    assert lake.marts() == anew.marts()
    assert lake.rows("SELECT sample_event_ids FROM incidents WHERE incident_id = 'i2'") == [
        {"sample_event_ids": ["e2"]}
    ]
    accounts = "SELECT source_object, records, events, rejects, duplicates, event_days FROM runs ORDER BY source_object"
    assert lake.rows(accounts) == anew.rows(accounts)


def test_the_receipt_says_what_was_erased_and_not_whose(shop):
    """It proves the deletion to whoever knows the id."""
    lake = shop.again()
    account = erase(lake)
    (receipt,) = lake.rows("SELECT * FROM erasures")
    assert {name: receipt[name] for name in account} == account
    assert receipt["user_hash"] == hashlib.sha256(USER.encode()).hexdigest()
    assert receipt["event_days"] == [date(2019, 10, 1), date(2019, 10, 2)]
    assert receipt["begun_at"] == receipt["erased_at"] == NOW
    assert (account["events"], account["rejects"]) == (3, 3)  # e1, e5, e10; two of the events feed, one of incidents
    assert (account["raw_objects"], account["raw_records"]) == (5, 4 + 1 + 1 + 1 + 4)
    assert account["other_rows"] > 3  # an incident, its verdict, its withdrawal, and rows of marts
    assert "4711" not in repr(receipt)


def test_the_next_build_restates_the_days_of_the_user_and_no_other(shop):
    """People have read those numbers; they must not change unseen."""
    lake = shop.again()
    erase(lake)
    told_before = {row["restatement_id"] for row in lake.rows("SELECT restatement_id FROM restatements")}
    assert lake.build()["days"] == 2
    told = [row for row in lake.rows("SELECT * FROM restatements") if row["restatement_id"] not in told_before]
    revenue = [row for row in told if row["mart"] == "daily_revenue" and row["number"] == "revenue"]
    assert {row["period_start"] for row in revenue} == {date(2019, 10, 1), date(2019, 10, 2)}
    assert {row["cause"] for row in told} == {"events"}
    assert lake.build() == {"days": 0, "restatements": 0}


def test_nothing_of_the_user_is_left_in_any_file(s3, tmp_path):
    """A table shows what its files hold now. Whoever has the folder sees all of them, the old ones too."""
    lake = embedded(new_bucket(), tmp_path, batch_megabytes=0)  # an object a commit
    for delivery in small_shop(4)[:4]:  # all that is this user's, and nothing else, has u0 in it
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)
    lake.curate()
    lake.build()
    assert [name for name, text in texts(lake, tmp_path) if "u0" in text]
    erase(lake, "u0")
    assert [name for name, text in texts(lake, tmp_path) if "u0" in text] == []


def test_the_past_is_gone(shop):
    """Time travel would still show the user; one snapshot is left, and no file that it does not name."""
    lake = shop.again()
    erase(lake)
    for name in ("events", "rejects", "incidents", "verdicts", "sessions", "user_days", "rfm"):
        iceberg = lake.engine._iceberg(next(table for table in every_table() if table.name == name))
        files = {Path(file["file_path"]).name for file in iceberg.inspect.files().to_pylist()}
        assert len(iceberg.snapshots()) == 1, name
        assert {path.name for path in Path(iceberg.location().removeprefix("file://")).rglob("*.parquet")} == files


def test_the_account_of_an_object_that_is_gone_from_the_bucket_adds_up(shop):
    """Raw objects are kept for a time, the lake for ever; what the object held cannot be counted again."""
    gone = "raw/events/2019/10/02/11/b.gz"
    lake = shop.again(gone=gone)
    before = lake.rows(f"SELECT * FROM runs WHERE source_object = '{gone}'")[0]
    erase(lake)
    after = lake.rows(f"SELECT * FROM runs WHERE source_object = '{gone}'")[0]
    assert after == {**before, "records": 1, "events": 1}
    assert len(lake.rows(f"SELECT 1 FROM events WHERE source_object = '{gone}'")) == 1


def test_older_versions_of_raw_objects_go_too(shop):
    """The bucket keeps none, but somebody may have turned versioning on."""
    lake, s3 = shop.again(), boto3.client("s3")
    bucket = lake.settings.raw_bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    fill(bucket, {"raw/events/2019/10/03/02/nobody.gz": RAW["raw/events/2019/10/03/02/nobody.gz"]})
    erase(lake)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    older = [entry for entry in s3.list_object_versions(Bucket=bucket)["Versions"] if not entry["IsLatest"]]
    assert [entry["Key"] for entry in older] == ["raw/events/2019/10/03/02/nobody.gz"]


def test_an_erased_id_is_free_for_somebody_elses_record(s3, tmp_path):
    """It was a duplicate only of the record that is gone, and a rebuild would take it."""
    lake = embedded(new_bucket(), tmp_path / "lake")
    objects = {"raw/events/2019/10/01/10/a.gz": [event("e1", USER)]}
    objects |= {"raw/events/2019/10/01/11/b.gz": [event("e1", "u2"), event("e2", "u2")]}
    fill(lake.settings.raw_bucket, objects)
    lake.curate()
    assert lake.rows("SELECT user_id FROM events WHERE event_id = 'e1'") == [{"user_id": USER}]
    erase(lake)
    lake.curate()
    assert lake.rows("SELECT user_id FROM events WHERE event_id = 'e1'") == [{"user_id": "u2"}]
    anew = embedded(lake.settings.raw_bucket, tmp_path / "anew")
    anew.curate()
    assert lake.tables() == anew.tables()


def test_a_shop_without_one_of_its_users_is_that_of_a_rebuild(s3, tmp_path):
    """Sessions across midnight, late objects, records sent twice and verdicts, with the user among them."""
    deliveries = small_shop(0)
    lake = embedded(new_bucket(), tmp_path / "lake")
    for delivery in deliveries:
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)
    lake.curate()
    lake.build()
    user_id = lake.rows("SELECT MIN(subject) AS user_id FROM incidents")[0]["user_id"]
    erase(lake, user_id)
    lake.build()
    anew = rebuilt(lake, tmp_path / "anew")
    assert (lake.tables(), lake.marts()) == (anew.tables(), anew.marts())
    assert {row["user_id"] for row in anew.rows("SELECT user_id FROM events")} == {*USERS} - {user_id}


IDS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.sampled_from(["u", "u1", "1"])
LINES = st.one_of(
    st.builds(event, IDS, PEOPLE),
    st.builds(lambda who, price: event("d", who, price=price), PEOPLE, st.sampled_from(["1", "x"])),
    st.sampled_from([b"", b"u", b"\xffu\xff", b'{"user_id":1}', b"u1", b" "]),
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(objects=st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=3), user_id=PEOPLE)
def test_whatever_was_sent_an_erased_lake_is_that_of_a_rebuild(objects, user_id, s3, tmp_path_factory):
    """Ids that two users share, ids that are numbers, records that are none: the accounts still add up."""
    lake = embedded(new_bucket(), tmp_path_factory.mktemp("any"))
    fill(lake.settings.raw_bucket, {f"raw/events/2019/10/01/0{n}/x.gz": lines for n, lines in enumerate(objects)})
    lake.curate()
    try:
        erase(lake, user_id)
    except EraseError:
        assert not any(_is_of(user_id, line) for lines in objects for line in lines)
    lake.curate()
    anew = embedded(lake.settings.raw_bucket, tmp_path_factory.mktemp("anew"))
    anew.curate()
    accounts = "SELECT source_object, records, events, rejects, duplicates, event_days FROM runs ORDER BY source_object"
    assert lake.tables() == anew.tables()
    assert lake.rows(accounts) == anew.rows(accounts)
    assert not any(_is_of(user_id, line) for lines in raw_objects(lake).values() for line in lines)


def _is_of(user_id: str, line: bytes) -> bool:
    read = parse(line, arrived_at=NOW)
    return read.user_id == user_id if isinstance(read, Event) else Sought(user_id=user_id).names_user(line)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b'{"user_id":"4711"}', True),
        (b'{"user_id":4711}', True),
        (b'{"user_id": 4711 }', True),
        (rb'{"user_id":"\u0034711"}', True),
        (b"\xff,4711,\xff", True),
        (b"4711", True),
        (b'{"user_id":"4711', True),
        (b"user=4711&price=", True),
        (b'{"user_id":4711.0,"price":1}', True),
        (b'{"user_id" : "4711.00"}', True),
        (b'{"user_id":4711.5}', False),
        (b'{"user_id":4711.0.1}', False),
        (b'{"user_id":14711.0}', False),
        (b'{"user_id":"1","price":4711.00}', False),
        (b'{"user_id":"47110"}', False),
        (b'{"user_id":"04711"}', False),
        (b'{"user_id":"u-4711"}', False),
        (b'{"user_id":"4711_b"}', False),
        (b'{"price":4711.50}', False),
        (b'{"price":1.4711}', False),
        (b'{"price":-4711}', False),
        (b'{"user_id":"471"}', False),
    ],
)
def test_a_reject_is_the_users_where_the_id_stands_as_a_word_of_its_own(line, named):
    """A reject has no fields to go by. A longer id or a price with the same digits is somebody else's."""
    assert Sought(user_id="4711").names_user(line) is named


def test_a_reject_that_names_the_user_by_an_escape_leaves_the_table_too(s3: str, tmp_path: Path) -> None:
    """Its bytes are not those of the id; raw objects and table must agree on whose it is."""
    lake = embedded(new_bucket(), tmp_path)
    fill(lake.settings.raw_bucket, {"raw/events/2019/10/01/10/a.gz": [rb'{"user_id":"\u0041nna"}', event("e1", "u2")]})
    lake.curate()
    assert erase(lake, "Anna")["rejects"] == 1
    assert lake.rows("SELECT line FROM rejects") == []


def test_no_restatement_names_a_user():
    """Their keys are text, which is not searched: marts of users must not tell changes."""
    users = {"user_id", "session_id", "user_session", "ip_address"}
    assert [mart.name for mart in marts() if mart.tells_changes and users & {*mart.key}] == []


def test_a_user_nobody_knows_is_refused_in_one_line_and_leaves_no_receipt(shop):
    """A mistyped id must not look like a request that was met."""
    lake = shop.again()
    lake.engine.close()
    with pytest.raises(JobError, match=r"^no such user in the lake or in the raw objects"):
        run_job("erase", settings=lake.settings, order=Order(user_id="visitor-471"), environment={})
    with pytest.raises(JobError, match="erase needs the id of one user"):
        run_job("erase", settings=lake.settings, order=Order(), environment={})
    assert shop.lake.rows("SELECT * FROM erasures") == []


def test_a_user_who_is_erased_already_is_no_fault_and_no_second_receipt(shop):
    """The run may have died after its last step, where nobody can tell it from one that did not."""
    lake = shop.again()
    erase(lake)
    assert set(erase(lake).values()) == {0}
    assert len(lake.rows("SELECT * FROM erasures")) == 1
