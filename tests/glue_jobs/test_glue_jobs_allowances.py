"""Incidents of allowed subjects make no verdicts, whatever has become of the entry since, unless it was removed."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake_rig import NOW, Lake, embedded, new_bucket, put
from signals import incident

from commerce.allowance import PARTITION_KEY, TIME_TO_LIVE_ATTRIBUTE, Allowance, to_item
from commerce.event import format_instant
from commerce.incident import to_line
from glue_jobs.allowances import AllowListError
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.tables import ALLOWANCES
from glue_jobs.verdicts import standing_verdicts

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
OPENED = datetime(2019, 10, 1, 10, 1, tzinfo=UTC)
LAST_SEEN = OPENED + timedelta(hours=6)
WHOLE = (OPENED - timedelta(seconds=70), LAST_SEEN)


def entry(**changes: Any) -> Allowance:
    values: dict[str, Any] = {
        "subject_type": "user",
        "subject": "bot",
        "because": "our price checker",
        "added_at": NOW - timedelta(hours=1),
        "added_by": "keeper",
        "expires_at": NOW + timedelta(hours=1),
    }
    return Allowance(**values | changes)


class Listed:
    """The allow list in DynamoDB."""

    def __init__(self) -> None:
        self.client, self.name = boto3.client("dynamodb"), f"allow-list-{uuid.uuid4().hex}"
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, *entries: Allowance) -> None:
        for listed in entries:
            self.client.put_item(TableName=self.name, Item=to_item(listed))

    def forget(self, listed: Allowance) -> None:
        """Delete the row, as DynamoDB does after its end."""
        self.client.delete_item(TableName=self.name, Key={PARTITION_KEY: {"S": listed.key}})

    def forget_what_may_go(self, *, now: datetime) -> None:
        """Delete the rows whose time to live is over."""
        for item in self.client.scan(TableName=self.name)["Items"]:
            if int(item[TIME_TO_LIVE_ATTRIBUTE]["N"]) <= now.timestamp():
                self.client.delete_item(TableName=self.name, Key={PARTITION_KEY: item[PARTITION_KEY]})


@pytest.fixture
def listed(s3) -> Listed:
    return Listed()


def event(number: int, user_id: str, at: datetime) -> bytes:
    given = {"event_id": f"e{number}", "event_time": format_instant(at), "event_type": "view", "product_id": "1"}
    return json.dumps({**given, "price": "1.00", "user_id": user_id, "user_session": f"s-{user_id}"}).encode()


@pytest.fixture
def lake(listed, tmp_path) -> Lake:
    """Return a lake of a person with two events and a bot with five, an hour and a half apart, and its incident."""
    found = embedded(new_bucket(), tmp_path, allow_list_table=listed.name)
    events = [event(n, "bot", OPENED + n * timedelta(hours=1.5)) for n in range(5)]
    events += [event(n + 5, "person", OPENED + n * timedelta(hours=1)) for n in range(2)]
    put(found.settings.raw_bucket, "raw/events/2019/10/02/00/a.jsonl.gz", b"\n".join(events))
    put(
        found.settings.raw_bucket,
        "raw/incidents/2019/10/02/00/a.jsonl.gz",
        to_line(incident("bot", OPENED, incident_id="i1", last_seen_at=LAST_SEEN)),
    )
    return found


def people(lake: Lake) -> int:
    """Bring the lake up to date; return how many events are people's."""
    lake.curate()
    lake.build()
    return int(lake.rows("SELECT events FROM daily_visitors WHERE reading = 'people_only'")[0]["events"])


def taken_out(lake: Lake) -> list[tuple[datetime, datetime]]:
    """Take what has arrived; return from when until when the verdicts that stand then reach."""
    lake.curate()
    return [(verdict.taken_out_from, verdict.taken_out_until) for verdict in standing_verdicts(lake.engine)]


def test_an_incident_of_an_allowed_subject_takes_nothing_out(lake, listed):
    """What the shop itself does on purpose is part of all it knows of."""
    listed.put(entry())
    assert taken_out(lake) == []
    (kept,) = lake.rows("SELECT subject_type, subject, because, added_by, expires_at FROM allowances")
    assert list(kept.values()) == ["user", "bot", "our price checker", "keeper", NOW + timedelta(hours=1)]


def test_an_entry_added_later_brings_the_numbers_back_and_says_why(lake, listed):
    """The mail came first, then somebody remembered the price checker; the change names its incident."""
    assert people(lake) == 2
    listed.put(entry())
    assert people(lake) == 7
    causes = lake.rows("SELECT DISTINCT cause, incident_ids FROM restatements")
    assert causes == [{"cause": "verdict", "incident_ids": ["i1"]}]
    listed.put(entry(removed_at=NOW))
    assert people(lake) == 2, "whoever allowed the wrong one gets the numbers that were"
    assert lake.rows("SELECT * FROM allowances") == []


def test_an_entry_that_expired_and_was_deleted_still_spares_what_it_covered(lake, listed):
    """DynamoDB forgets; last year's numbers must not change because of it."""
    listed.put(entry(expires_at=NOW))
    taken_out(lake)
    listed.forget(entry())
    assert taken_out(lake) == []
    assert len(lake.rows("SELECT * FROM allowances")) == 1


def test_an_entry_that_began_and_ended_between_two_nights_spares_what_it_covered(lake, listed):
    """A load test at noon: DynamoDB may have deleted all that is over by the time the job looks."""
    taken_out(lake)
    ended = NOW - timedelta(hours=3)
    listed.put(entry(added_at=NOW - timedelta(hours=9), expires_at=ended))
    listed.forget_what_may_go(now=NOW)
    assert taken_out(lake) == []
    listed.forget_what_may_go(now=ended + timedelta(days=30))
    assert taken_out(lake) == []
    assert lake.rows("SELECT expires_at FROM allowances") == [{"expires_at": ended}]


@pytest.mark.parametrize("expires_at", [NOW - timedelta(minutes=1), NOW + timedelta(hours=1)])
def test_an_entry_that_was_removed_counts_no_more_even_when_its_end_has_come(lake, listed, expires_at):
    """Removed at noon, ended in the evening, and the job looks at night."""
    listed.put(entry(expires_at=NOW + timedelta(hours=1)))
    taken_out(lake)
    listed.put(entry(expires_at=expires_at, removed_at=NOW - timedelta(hours=2)))
    assert taken_out(lake) == [WHOLE]


def test_an_entry_that_somebody_deleted_before_its_end_counts_no_more(lake, listed):
    """By hand, in the console."""
    listed.put(entry())
    taken_out(lake)
    listed.forget(entry())
    assert taken_out(lake) == [WHOLE]


def test_an_incident_that_outlives_the_entry_takes_out_what_came_after_it(lake, listed):
    """An episode may go on for weeks; from the end of the entry on it is an attack, as the alert says too."""
    listed.put(entry(expires_at=OPENED + timedelta(hours=4)))
    assert taken_out(lake) == [(OPENED + timedelta(hours=4), LAST_SEEN)]


def test_an_entry_that_ended_before_the_incident_spares_nothing(lake, listed):
    """Until that day, and no longer."""
    listed.put(entry(expires_at=OPENED))
    assert taken_out(lake) == [WHOLE]


def test_a_user_who_is_allowed_is_none_of_a_crowd(listed: Listed, tmp_path: Path) -> None:
    """The surge is an attack all the same, and the shop's own monitor looked in meanwhile."""
    listed.put(entry())
    lake = embedded(new_bucket(), tmp_path, allow_list_table=listed.name)
    users = ["bot", *(f"u{n}" for n in range(20))]
    events = [event(number, user, OPENED) for number, user in enumerate(users)]
    surge = incident("site", OPENED, rule="site_surge", subject_type="site", window_seconds=300)
    put(lake.settings.raw_bucket, "raw/events/2019/10/02/00/a.jsonl.gz", b"\n".join(events))
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/02/00/a.jsonl.gz", to_line(surge))
    lake.curate()
    assert {verdict.subject for verdict in standing_verdicts(lake.engine)} == set(users) - {"bot"}


def test_a_list_that_did_not_change_is_not_written_again(lake, listed):
    """Each write is a snapshot and a file, every night."""
    listed.put(entry())
    lake.curate()
    steps: list[str] = []
    lake.curate(steps.append)
    assert "allowances" in steps
    assert len(lake.engine._iceberg(ALLOWANCES).snapshots()) == 1


def test_without_a_table_to_read_the_lake_keeps_what_it_has(lake, listed):
    """Somebody runs a job from a terminal and does not name it: nothing is restated for that."""
    listed.put(entry())
    taken_out(lake)
    chosen = replace(lake.settings, allow_list_table="")
    engine = open_engine(chosen, raw=RawBucket(name=chosen.raw_bucket), environment={})
    assert taken_out(Lake(chosen, engine)) == []


def test_a_list_that_cannot_be_read_ends_the_job_in_one_line(lake, listed):
    """Numbers that are late are noticed, wrong ones are not."""
    listed.client.put_item(TableName=listed.name, Item={PARTITION_KEY: {"S": "user#1"}})
    with pytest.raises(AllowListError, match=rf"^1 entries of the allow list {listed.name} cannot be read: correct"):
        lake.curate()
    listed.client.delete_table(TableName=listed.name)
    with pytest.raises(AllowListError, match=rf"^the allow list {listed.name} cannot be read: .*ResourceNotFound"):
        lake.curate()
