"""Erasing a user leaves nothing of them, changes nothing of anybody else, and can die anywhere."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_rig import Lake, embedded, new_bucket, put
from small_shop import USERS, small_shop

from commerce.event import Event, parse
from commerce.incident import Incident, Tally
from commerce.incident import to_line as incident_line
from glue_jobs.erase import Erase, EraseError
from glue_jobs.jobs import JobError, run_job
from glue_jobs.raw import RawBucket
from glue_jobs.settings import Order
from glue_jobs.traces import Sought
from glue_jobs.upkeep import every_table
from glue_jobs.withdraw import withdraw

USER = "visitor-4711"
NOW = datetime(2019, 10, 20, tzinfo=UTC)
OPENED = datetime(2019, 10, 1, 10, tzinfo=UTC)


class Killed(Exception):
    """Stands for a machine that goes away."""


def event(event_id: str, user_id: str, *, day: int = 1, **fields: Any) -> bytes:
    given = {
        "event_id": event_id,
        "event_time": f"2019-10-0{day}T10:00:00.000Z",
        "event_type": "purchase",
        "product_id": "1",
        "price": "10.00",
        "user_id": user_id,
    }
    return json.dumps({**given, **fields}).encode()


def incident(incident_id: str, subject: str, *samples: str) -> Incident:
    return Incident(
        incident_id=incident_id,
        rule="site_surge" if subject == "site" else "request_flood",
        rule_version=1,
        subject_type="site" if subject == "site" else "user",
        subject=subject,
        state="closed",
        severity="high",
        opened_at=OPENED,
        last_seen_at=OPENED,
        window_seconds=60,
        value=200.0,
        threshold=120.0,
        evidence="{}",
        sample_event_ids=samples,
        sentence=f"{subject} was fast.",
    )


TALLY = Tally(tally_id="t1", period_start=OPENED, outcome="on_time", reason="", records=9)
RAW = {
    "raw/events/2019/10/01/10/a.gz": [
        event("e1", USER),
        event("e2", "u2"),
        b" \t",
        event("e3", USER, price="free"),  # a reject of the user's
        event("e4", f"{USER}0", price="free"),  # a reject of somebody whose id is longer
        event("e5", USER, brand="\u00e9").replace(b"4711", rb"\u0034711") + b"\r",
        event("e6", "u2", product_id=USER),  # somebody else's, whatever the product is called
        b'{"event_id":"e7","user_id":"' + USER.encode(),  # cut off
        event("e8", f"a.{USER}"),
        b"",
    ],
    "raw/events/2019/10/02/11/b.gz": [event("e9", "u2", day=2), event("e10", USER, day=2)],
    "raw/events/2019/10/03/01/again.gz": [event("e1", USER), event("e2", "u2")],  # duplicates, nothing else
    "raw/events/2019/10/03/02/nobody.gz": [event("e11", "u3", day=3), b"\xff broken"],
    "raw/incidents/2019/10/01/10/i.gz": [
        incident_line(incident("i1", USER, "e1")),
        incident_line(incident("i2", "site", "e1", "e2", "e10")),
        incident_line(incident("i3", "u2", "e2")),
        incident_line(TALLY),
        b'{"record_type":"incident","subject":"' + USER.encode() + b'"}',
        b"",
    ],
}
LATER = {"raw/events/2019/10/04/01/later.gz": [event("e12", USER, day=4), event("e13", "u2", day=4)]}
CLEAN = {
    **RAW,
    "raw/events/2019/10/01/10/a.gz": [
        line if number in (1, 2, 4, 6, 8, 9) else b""
        for number, line in enumerate(RAW["raw/events/2019/10/01/10/a.gz"])
    ],
}
CLEAN = {
    **CLEAN,
    "raw/events/2019/10/02/11/b.gz": [event("e9", "u2", day=2), b""],
    "raw/events/2019/10/03/01/again.gz": [b"", event("e2", "u2")],
    "raw/incidents/2019/10/01/10/i.gz": [
        b"",
        incident_line(incident("i2", "site", "e2")),
        *RAW["raw/incidents/2019/10/01/10/i.gz"][2:4],
        b"",
        b"",
    ],
}


@dataclass(frozen=True)
class Shop:
    """A lake that was filled once and can be had again and again."""

    lake: Lake
    saved: Path

    def again(self) -> Lake:
        """Return the lake as it was when it was filled, with one more object that nobody has taken."""
        folder = Path(self.lake.settings.warehouse)
        shutil.rmtree(folder)
        shutil.copytree(self.saved, folder)
        fill(self.lake.settings.raw_bucket, {**RAW, **LATER})
        return embedded(self.lake.settings.raw_bucket, folder)


def fill(bucket: str, objects: dict[str, list[bytes]]) -> None:
    for key, lines in objects.items():
        put(bucket, key, b"\n".join(lines))


@pytest.fixture(scope="module")
def shop(s3, tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("erase")
    lake = embedded(new_bucket(), folder / "lake")
    fill(lake.settings.raw_bucket, {key: RAW[key] for key in sorted(RAW)[:1]})
    lake.curate()
    lake.build()
    fill(lake.settings.raw_bucket, RAW)
    lake.curate()
    lake.build()
    withdraw(lake.engine, "i1", because=f"{USER} is our tester", at=NOW)
    shutil.copytree(folder / "lake", folder / "saved")
    return Shop(lake, folder / "saved")


def erase(lake: Lake, user_id: str = USER, *, reached: Callable[[str], None] = lambda _step: None) -> dict[str, int]:
    raw = RawBucket(name=lake.settings.raw_bucket)
    job = Erase(
        engine=lake.engine, raw=raw, settings=lake.settings, clock=lambda: NOW, user_id=user_id, reached=reached
    )
    return job.run()


def raw_objects(lake: Lake) -> dict[str, list[bytes]]:
    raw = RawBucket(name=lake.settings.raw_bucket)
    return {found.key: raw.read(found.key).split(b"\n") for found in raw.objects("raw/")}


def rebuilt(lake: Lake, folder: Path) -> Lake:
    """Return a new lake made of the raw objects as they are now."""
    anew = embedded(lake.settings.raw_bucket, folder)
    anew.curate()
    anew.build()
    return anew


def everything(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table but for what tells when and in which run."""
    own = {"restatements": "mart, reading, period_start, row_key, number", "erasures": "user_hash, events, event_days"}
    queries = {table.name: f"SELECT {own.get(table.name, '*')} FROM {table.name}" for table in every_table()}
    return {name: sorted(lake.engine.ask(query).rows, key=repr) for name, query in queries.items()}


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
    assert (account["raw_objects"], account["raw_records"]) == (5, 4 + 1 + 1 + 1 + 3)
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
    lake = embedded(new_bucket(), tmp_path)
    for delivery in small_shop(4):  # all that is this user's, and nothing else, has u0 in it
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)
        lake.curate()
    lake.build()
    assert [name for name, text in texts(lake) if "u0" in text]
    erase(lake, "u0")
    assert [name for name, text in texts(lake) if "u0" in text] == []
    lake.build()
    assert [name for name, text in texts(lake) if "u0" in text] == []


def texts(lake: Lake) -> Iterator[tuple[str, str]]:
    """Yield what stands in each file of the lake and in each raw object, unpacked."""
    from pyiceberg.avro.file import AvroFile
    from pyiceberg.io.pyarrow import PyArrowFileIO

    for key, lines in raw_objects(lake).items():
        yield key, repr(lines)
    for path in Path(lake.settings.warehouse).rglob("*"):
        if path.suffix == ".parquet":
            yield path.name, repr(pq.read_table(path).to_pylist())
        elif path.suffix == ".avro":
            with AvroFile(PyArrowFileIO().new_input(str(path))) as entries:
                yield path.name, repr([vars(entry) if hasattr(entry, "__dict__") else entry for entry in entries])
        elif path.suffix == ".json":
            yield path.name, path.read_text()


def test_the_past_is_gone(shop):
    """Time travel would still show the user; one snapshot is left, and no file that it does not name."""
    lake = shop.again()
    erase(lake)
    for name in ("events", "rejects", "incidents", "verdicts", "sessions", "user_days", "rfm"):
        iceberg = lake.engine._iceberg(next(table for table in every_table() if table.name == name))
        files = {Path(file["file_path"]).name for file in iceberg.inspect.files().to_pylist()}
        assert len(iceberg.snapshots()) == 1, name
        assert {path.name for path in Path(iceberg.location().removeprefix("file://")).rglob("*.parquet")} == files


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
    lake.build()
    assert lake.rows("SELECT user_id FROM events WHERE event_id = 'e1'") == [{"user_id": USER}]
    erase(lake)
    lake.curate()
    lake.build()
    assert lake.rows("SELECT user_id FROM events WHERE event_id = 'e1'") == [{"user_id": "u2"}]
    anew = rebuilt(lake, tmp_path / "anew")
    assert (lake.tables(), lake.marts()) == (anew.tables(), anew.marts())


@pytest.mark.parametrize("seed", range(2))
def test_a_shop_without_one_of_its_users_is_that_of_a_rebuild(seed, s3, tmp_path):
    """Sessions across midnight, late objects, records sent twice and verdicts, with the user among them."""
    deliveries = small_shop(seed)
    lake = embedded(new_bucket(), tmp_path / "lake")
    for delivery in deliveries:
        put(lake.settings.raw_bucket, delivery.object_key, delivery.content)
    lake.curate()
    lake.build()
    erase(lake, USERS[seed])
    lake.build()
    anew = rebuilt(lake, tmp_path / "anew")
    assert (lake.tables(), lake.marts()) == (anew.tables(), anew.marts())
    assert {row["user_id"] for row in anew.rows("SELECT user_id FROM events")} == {*USERS} - {USERS[seed]}


IDS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.sampled_from(["u", "u1", "1"])
LINES = st.one_of(
    st.builds(event, IDS, PEOPLE),
    st.builds(lambda who, price: event("d", who, price=price), PEOPLE, st.sampled_from(["1", "x"])),
    st.sampled_from([b"", b"u", b"\xffu\xff", b'{"user_id":1}', b"u1", b" "]),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(objects=st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=3), user_id=PEOPLE)
def test_whatever_was_sent_an_erased_lake_is_that_of_a_rebuild(objects, user_id, s3, tmp_path_factory):
    """Ids that two users share, ids that are numbers, records that are none: the accounts still add up."""
    lake = embedded(new_bucket(), tmp_path_factory.mktemp("any"))
    fill(lake.settings.raw_bucket, {f"raw/events/2019/10/01/0{n}/x.gz": lines for n, lines in enumerate(objects)})
    lake.curate()
    try:
        erase(lake, user_id)
    except EraseError:
        assert not any(Sought(user_id=user_id).names_user(line) for lines in objects for line in lines)
    lake.curate()
    anew = embedded(lake.settings.raw_bucket, tmp_path_factory.mktemp("anew"))
    anew.curate()
    accounts = "SELECT source_object, records, events, rejects, duplicates, event_days FROM runs ORDER BY source_object"
    assert lake.tables() == anew.tables()
    assert lake.rows(accounts) == anew.rows(accounts)
    left = [line for lines in raw_objects(lake).values() for line in lines]
    read = [parse(line, arrived_at=NOW) for line in left]
    assert not [event for event in read if isinstance(event, Event) and event.user_id == user_id]


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


def test_a_user_nobody_knows_is_refused_in_one_line_and_leaves_no_receipt(shop):
    """A mistyped id must not look like a request that was met."""
    lake = shop.again()
    lake.engine.close()
    with pytest.raises(JobError, match=r"^no user 'visitor-471' in the lake or in the raw objects"):
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


def test_an_erasure_killed_at_any_step_and_run_again_leaves_the_same(shop):
    """Machines go away; half of an erasure is none, and two receipts for one would be a lie."""
    lake, steps = shop.again(), list[str]()
    account = erase(lake, reached=steps.append)
    wanted, objects = everything(lake), raw_objects(lake)
    assert len(steps) == len(set(steps)) > 30
    for step in steps:
        lake = shop.again()
        with pytest.raises(Killed):
            erase(lake, reached=killer(step))
        lake = embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse))
        again = erase(lake)
        assert again == (account if step != "receipt" else dict.fromkeys(account, 0)), step
        assert everything(lake) == wanted, step
        assert raw_objects(lake) == objects, step
        assert {
            len(lake.engine._iceberg(table).snapshots()) for table in every_table() if "user_id" in table.column_names
        } <= {0, 1}


def killer(step: str) -> Callable[[str], None]:
    def reached(now: str) -> None:
        if now == step:
            raise Killed(step)

    return reached
