"""The ledger of a laptop: streams, raw bucket, lake, table and mailbox balance, and each way in which they do not."""

import gzip
import itertools
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from click.testing import Result
from laptop_rig import Cloud, eventually
from signals import incident as any_incident
from typer.testing import CliRunner

from commerce.arrival import Hours
from commerce.incident import Incident, Tally, to_line
from glue_jobs.curate import Curate
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.tables import EVENTS
from lambdas.kinesis import KinesisRecord
from lambdas.respond.parts import responder
from lambdas.respond.settings import PARTITION_KEY, RespondSettings
from laptop.__main__ import application
from laptop.demo.lake import lake_settings, opened_lake
from laptop.deploy import Deployment
from laptop.ledger.balance import Ledger, balance
from laptop.ledger.lines import Lines
from laptop.ledger.sent import read_sent, read_truth
from laptop.ledger.sides import read_sides
from laptop.running import Laptop, LaptopError
from laptop.work_dir import write_state

NOW = datetime.now(UTC).replace(microsecond=0)
OPENED_AT = datetime(2025, 3, 3, 9, tzinfo=UTC)
_numbers = itertools.count()


def event(number: int, **changes: Any) -> bytes:
    values = {
        "event_id": f"event-{number}",
        "event_time": "2025-03-03T09:00:00.000Z",
        "event_type": "view",
        "product_id": "1",
        "price": "1.00",
        "user_id": "7",
        "user_session": "s-7",
    } | changes
    return json.dumps(values).encode()


def incident(subject: str, **changes: Any) -> Incident:
    return any_incident(subject, **{"opened_at": OPENED_AT, "state": "open"} | changes)


def tally(outcome: str, records: int, reason: str = "") -> Tally:
    name = f"{outcome}-{reason}-{records}-{next(_numbers)}"
    return Tally(tally_id=name, period_start=OPENED_AT, outcome=outcome, reason=reason, records=records)


EVENTS_SENT = [event(1), event(2), event(1), b"no event", event(3)]
INCIDENTS = [incident("1"), incident("2")]
TALLIES = [tally("on_time", 3), tally("late", 1), tally("rejected", 1, "not_a_json_object")]


@dataclass
class Shop:
    """A shop whose parts are filled one by one, so that a test can leave one out."""

    laptop: Laptop
    keys: list[str] = field(default_factory=list)

    def send(self, lines: Iterable[bytes], *, output: str = "EventsStreamName") -> None:
        kinesis, stream = self.laptop.client("kinesis"), self.laptop.outputs[output]
        kinesis.put_records(StreamName=stream, Records=[{"Data": line, "PartitionKey": "1"} for line in lines])

    def deliver(self, lines: Iterable[bytes], *, feed: str = "events", at: datetime = NOW) -> str:
        key = f"raw/{feed}/{at:%Y/%m/%d/%H}/{len(self.keys)}.gz"
        self.keys.append(key)
        body = gzip.compress(b"".join(line + b"\n" for line in lines))
        self.laptop.client("s3").put_object(Bucket=self.laptop.outputs["RawBucketName"], Key=key, Body=body)
        return key

    def curate(self) -> None:
        settings = lake_settings(self.laptop)
        raw = RawBucket(name=settings.raw_bucket, s3=self.laptop.client("s3"))
        engine = open_engine(settings, raw=raw, environment=os.environ)
        Curate(engine=engine, raw=raw, settings=settings, clock=lambda: NOW).run()
        engine.close()

    def respond(self, incidents: Iterable[Incident]) -> None:
        """Answer them with the real responder."""
        clients = {name: self.laptop.client(name) for name in ("dynamodb", "sns")}
        settings = RespondSettings(
            incidents_table=self.laptop.outputs["IncidentsTableName"],
            alerts_topic_arn=self.laptop.outputs["AlertsTopicArn"],
        )
        parts = responder(settings, allow_list=clients["dynamodb"], log=Logger(service="test"), **clients)
        lines = [KinesisRecord(sequence_number=str(n), data=to_line(one)) for n, one in enumerate(incidents)]
        assert parts.answer(lines, seconds_left=lambda: 60) == {}

    def fill(self, *, events: Iterable[bytes] | None = None) -> None:
        """Let everything happen as it should."""
        self.send(EVENTS_SENT if events is None else events)
        self.deliver(EVENTS_SENT)
        lines = [to_line(record) for record in (*INCIDENTS, *TALLIES)]
        self.send(lines, output="IncidentsStreamName")
        self.deliver(lines, feed="incidents")
        self.respond(INCIDENTS)
        self.curate()

    def mails(self) -> list[Path]:
        topic = self.laptop.outputs["AlertsTopicArn"]
        return [file for file in self.laptop.mail.glob("*.eml") if topic in file.read_text()]

    def ledger(self, *sent: Path, hours: Hours | None = None) -> Ledger:
        return balance(read_sides(self.laptop, hours or Hours()), read_sent(sent))

    def told(self, *sent: Path, hours: Hours | None = None) -> dict[str, tuple[int, str]]:
        found = self.ledger(*sent, hours=hours)
        return {difference.between: (difference.records, difference.first) for difference in found.differences}


@pytest.fixture
def shop(cloud: Cloud, unique: str) -> Shop:
    """Return a shop in which nothing has happened."""
    kinesis, sns = cloud.client("kinesis"), cloud.client("sns")
    for name in (f"{unique}-events", f"{unique}-incidents"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    cloud.client("s3").create_bucket(Bucket=unique)
    cloud.client("dynamodb").create_table(
        TableName=unique,
        KeySchema=[{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="owner@example.com")
    eventually(lambda: kinesis.describe_stream(StreamName=f"{unique}-events")["StreamDescription"]["Shards"])
    (cloud.work_dir / "warehouse").mkdir(exist_ok=True)
    outputs = {
        "EventsStreamName": f"{unique}-events",
        "IncidentsStreamName": f"{unique}-incidents",
        "RawBucketName": unique,
        "GlueDatabaseName": unique,
        "IncidentsTableName": unique,
        "AlertsTopicArn": topic,
    }
    deployment = Deployment(work_dir=cloud.work_dir, group=0)
    return Shop(
        Laptop(
            endpoint_url=cloud.endpoint_url,
            work_dir=cloud.work_dir,
            outputs=outputs,
            flink_web=None,
            deployment=deployment,
        )
    )


def test_a_shop_in_which_all_went_well_balances(shop: Shop, tmp_path: Path) -> None:
    """Every figure is read from another part, and all of them agree."""
    shop.fill()
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"produced": 6, "sent": 5, "refused": 1}))
    found = shop.ledger(account)
    assert found.differences == ()
    assert found.events == {
        "sent": 5,
        "on_stream": 5,
        "in_raw": 5,
        "accepted": 3,
        "rejected": 1,
        "duplicates": 1,
        "late": 1,
    }
    assert found.rejects_by_reason == {"not_a_json_object": 1}
    assert set(found.incidents.values()) == {2}
    assert found.notes == ()


def test_a_record_that_never_reached_the_stream_is_named(shop: Shop, tmp_path: Path) -> None:
    """Where the records themselves are known, the first that is missing is known too."""
    shop.fill(events=EVENTS_SENT[:-1])
    sent = tmp_path / "sent.jsonl"
    sent.write_bytes(b"\n".join(EVENTS_SENT))
    assert shop.told(sent)["sent and not on the events stream"] == (1, f"event event-3, {sent}, line 5")


def test_an_account_that_says_another_count_is_a_difference(shop: Shop, tmp_path: Path) -> None:
    """Two accounts are added up: whoever sent twice has two."""
    shop.fill()
    accounts = [tmp_path / name for name in ("a.json", "b.json")]
    for account in accounts:
        account.write_text(json.dumps({"produced": 3, "sent": 3}))
    assert shop.told(*accounts)["the producer's account and the events stream"][0] == 1
    assert shop.told(accounts[0])["the producer's account and the events stream"][0] == 2


def test_a_record_that_was_not_delivered_is_named_though_another_came_twice(shop: Shop) -> None:
    """The counts of stream and bucket are equal then."""
    shop.send([event(1), event(2)])
    key = shop.deliver([event(1), event(1)])
    told = shop.told()
    number, first = told["on the events stream and not in the raw bucket"]
    assert (number, first.split(",")[0]) == (1, "event event-2")
    assert told["in the raw bucket and not on the events stream"] == (1, f"event event-1, {key}, line 1")


def test_a_record_that_the_lake_lost_is_named(shop: Shop) -> None:
    """The lake's own differences are the ledger's."""
    shop.fill()
    with opened_lake(shop.laptop) as engine:
        engine.delete(EVENTS, "event_id", ["event-2"])
    assert shop.told()["raw record in no table of the lake"] == (1, f"event event-2, {shop.keys[0]}, line 2")


def test_records_that_the_detector_has_not_judged_are_a_difference_and_more_are_a_note(shop: Shop) -> None:
    """After a restart it reads some again; before the end it has not read all."""
    shop.send(EVENTS_SENT)
    shop.deliver(EVENTS_SENT)
    shop.curate()
    assert shop.told()["records that the detector has not judged"][0] == 5
    again = [to_line(one) for one in (*TALLIES, *(tally(one.outcome, one.records, one.reason) for one in TALLIES))]
    shop.send(again, output="IncidentsStreamName")
    shop.deliver(again, feed="incidents")
    shop.curate()
    found = shop.ledger()
    assert found.differences == ()
    assert "5 more than there are" in found.notes[0]


def test_an_incident_that_was_not_archived_or_not_stored_is_named(shop: Shop) -> None:
    """Emitted, archived, stored: three sides, and each may lose one."""
    shop.fill()
    lost = incident("3")
    shop.send([to_line(lost)], output="IncidentsStreamName")
    told = shop.told()
    for between in ("on the incidents stream and not in the archive", "incident on the stream and not stored"):
        assert told[between][0] == 1
        assert told[between][1].startswith(f"incident {lost.incident_id}, shard")


def test_a_later_state_that_was_not_archived_is_named_too(shop: Shop) -> None:
    """The lake would have the episode, and not how it ended."""
    shop.fill()
    closed = replace(INCIDENTS[0], state="closed")
    shop.send([to_line(closed)], output="IncidentsStreamName")
    shop.respond([closed])
    (told,) = shop.told().items()
    assert told[0] == "on the incidents stream and not in the archive"
    assert told[1][1].startswith(f"incident {closed.incident_id}, shard")


def test_a_later_state_that_was_not_stored_is_named(shop: Shop) -> None:
    """The row is there, and says of an attack that is over, or worse by now, what it was in the beginning."""
    shop.fill()
    closed = replace(INCIDENTS[0], state="closed")
    shop.send([to_line(closed)], output="IncidentsStreamName")
    shop.deliver([to_line(closed)], feed="incidents")
    shop.curate()
    (told,) = shop.told().items()
    assert told[0] == "incident stored, and not as far as on the stream"
    assert told[1][1].startswith(f"incident {closed.incident_id}, shard")
    shop.respond([closed])
    assert shop.told() == {}


def test_that_an_incident_has_become_critical_is_told_once(shop: Shop) -> None:
    """The alert about it is the second of its incident, and may be lost or doubled as any other."""
    shop.fill()
    risen = replace(INCIDENTS[0], state="extended", severity="critical", last_seen_at=OPENED_AT + timedelta(minutes=1))
    shop.send([to_line(risen)], output="IncidentsStreamName")
    shop.deliver([to_line(risen)], feed="incidents")
    before = set(shop.mails())
    shop.respond([risen])
    shop.curate()
    assert shop.told() == {}
    assert shop.ledger().incidents["alerted"] == len(INCIDENTS)
    (mail,) = set(shop.mails()) - before
    again = mail.with_name(f"again-{mail.name}")
    again.write_text(mail.read_text())
    assert shop.told()["incident with more than one alert"][0] == 1
    again.unlink()
    mail.unlink()
    assert list(shop.told()) == ["critical incident told as a lesser one"]


def test_what_is_in_the_archive_and_was_never_on_the_stream_is_named(shop: Shop) -> None:
    """The lake would have a verdict that nobody detected."""
    shop.fill()
    made_up = incident("3")
    key = shop.deliver([to_line(made_up)], feed="incidents")
    between = "in the archive and not on the incidents stream"
    assert shop.told()[between] == (1, f"incident {made_up.incident_id}, {key}, line 1")


def test_a_reject_for_another_reason_than_was_meant_is_a_difference(shop: Shop, tmp_path: Path) -> None:
    """The sums would be the same."""
    shop.fill()
    for reason, wrong in (("not_a_json_object", 0), ("not_utf8", 2)):
        truth = tmp_path / "truth.json"
        truth.write_text(json.dumps({"produced": 5, "events": 3, "duplicates": 1, "poison": {reason: 1}}))
        found = balance(read_sides(shop.laptop, Hours()), None, read_truth([truth])).differences
        assert [difference.records for difference in found] == [1] * wrong


def test_an_incident_that_nobody_detected_is_named(shop: Shop) -> None:
    """A row or an alert from nowhere is as bad as a missing one."""
    shop.fill()
    shop.respond([incident("4")])
    assert incident("4").incident_id in shop.told()["incident stored and not on the stream"][1]


def test_a_missing_an_additional_and_a_doubled_alert_are_named(shop: Shop) -> None:
    """Opened incidents and alerts are one to one."""
    shop.fill()
    first, second = sorted(shop.mails())
    text = second.read_text()
    second.unlink()
    (number, name) = shop.told()["incident without an alert"]
    assert (number, any(one.incident_id in name for one in INCIDENTS)) == (1, True)
    second.write_text(text)
    again = first.with_name(f"again-{first.name}")
    again.write_text(first.read_text())
    assert shop.told()["incident with more than one alert"][0] == 1
    again.write_text(first.read_text().replace("Incident ", "Incident 0"))
    assert shop.told()["alert without an incident that is told"][0] == 1
    again.unlink()
    assert shop.told() == {}


def test_an_incident_of_somebody_who_is_allowed_needs_no_alert(shop: Shop) -> None:
    """It is stored, and nobody is told: that is what the allow list is for."""
    shop.fill()
    allowed = incident("5")
    lines = [to_line(allowed)]
    shop.send(lines, output="IncidentsStreamName")
    shop.deliver(lines, feed="incidents")
    shop.respond([allowed])
    (mail,) = [file for file in shop.mails() if allowed.incident_id in file.read_text()]
    mail.unlink()
    shop.laptop.client("dynamodb").update_item(
        TableName=shop.laptop.outputs["IncidentsTableName"],
        Key={PARTITION_KEY: {"S": allowed.incident_id}},
        UpdateExpression="SET allowed_until = :until, allowed_because = :why",
        ExpressionAttributeValues={":until": {"S": "2036-01-01T00:00:00.000Z"}, ":why": {"S": "ours"}},
    )
    shop.curate()
    assert shop.told() == {}


def test_hours_without_anything_balance_and_those_before_are_left_out(shop: Shop) -> None:
    """A record delivered into the object of the hour before is no loss of this hour."""
    before = NOW.replace(minute=0, second=0) - timedelta(hours=1)
    shop.send(EVENTS_SENT)
    shop.deliver(EVENTS_SENT, at=before)
    shop.curate()
    this_hour = Hours(since=NOW.replace(minute=0, second=0))
    assert shop.told(hours=this_hour) == {}
    assert shop.ledger(hours=Hours(until=before - timedelta(hours=5))).events["in_raw"] == 0
    assert shop.ledger(hours=this_hour).events["on_stream"] == len(EVENTS_SENT)


def test_a_record_is_looked_for_in_the_hour_after_that_of_its_object_too(shop: Shop) -> None:
    """Asked for the hour in which the object was begun, the ledger finds it to hold what came later."""
    this_hour = NOW.replace(minute=0, second=0)
    shop.send(EVENTS_SENT)
    shop.deliver(EVENTS_SENT, at=this_hour - timedelta(hours=1))
    shop.curate()
    assert shop.told(hours=Hours(until=this_hour)) == {}
    assert shop.ledger(hours=Hours(until=this_hour)).events["in_raw"] == len(EVENTS_SENT)


def test_hours_before_anything_was_stored_balance(shop: Shop) -> None:
    """The rows of all hours are read, and those of later ones are no difference."""
    shop.fill()
    for mail in shop.mails():
        mail.unlink()
    assert shop.told(hours=Hours(until=NOW.replace(minute=0, second=0) - timedelta(hours=5))) == {}


def test_hours_can_be_asked_for_where_somebody_was_told(shop: Shop) -> None:
    """The alerts of other hours are no difference."""
    shop.fill()
    assert shop.mails()
    assert shop.told(hours=Hours(until=NOW.replace(minute=0, second=0) - timedelta(hours=5))) == {}
    assert shop.told(hours=Hours(since=NOW.replace(minute=0, second=0))) == {}


def run(shop: Shop, *words: str) -> Result:
    """Run the command against a laptop that says it is running."""
    at = {"endpoint_url": shop.laptop.endpoint_url, "flink_web": None, "outputs": shop.laptop.outputs}
    write_state(shop.laptop.work_dir, **at)
    whole = ["ledger", "--work-dir", str(shop.laptop.work_dir), *words]
    return CliRunner().invoke(application(), whole, env={"COLUMNS": "250"})


def test_the_command_ends_with_zero_one_or_two(shop: Shop, tmp_path: Path) -> None:
    """Balanced, different, not to be told: a tool must be able to tell them apart."""
    shop.fill()
    balanced, as_json = run(shop), run(shop, "--format", "json")
    assert (balanced.exit_code, "Everything balances" in balanced.output) == (0, True), balanced.output
    document = json.loads(as_json.output)
    assert (document["balanced"], "sent" in document["events"]) == (True, False), "nobody said what was sent"
    shop.send([event(9)])
    different, as_json = run(shop), run(shop, "--format", "json")
    assert (different.exit_code, as_json.exit_code, "event event-9" in different.output) == (1, 1, True)
    (first, *_) = json.loads(as_json.output)["differences"]
    assert first["between"] == "on the events stream and not in the raw bucket"
    assert run(shop, "--from", "yesterday").exit_code == 2
    assert run(shop, "--sent", str(tmp_path / "nowhere.json")).exit_code == 2
    assert run(shop, "--truth", str(tmp_path / "nowhere.json")).exit_code == 2


def test_records_that_were_packed_are_the_same_records(tmp_path: Path) -> None:
    """The simulator packs a file that ends in .gz, a part at a time: taken as it is, all of it would be missing."""
    plain, packed = tmp_path / "sent.jsonl", tmp_path / "sent.jsonl.gz"
    lines = [line + b"\n" for line in EVENTS_SENT]
    plain.write_bytes(b"".join(lines))
    packed.write_bytes(b"".join(gzip.compress(line) for line in lines))
    one, other = read_sent([plain]), read_sent([packed])
    assert one is not None and other is not None and one.lines is not None and other.lines is not None
    assert (other.records, other.lines.counts) == (len(EVENTS_SENT), one.lines.counts)
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(LaptopError, match=r"sent\.jsonl\.gz is no whole gzip file"):
        read_sent([packed])


@pytest.mark.parametrize("name", ["\ud800", "\x1b[2J", "one\ntwo"], ids=ascii)
def test_a_line_whose_id_no_terminal_can_show_is_named_by_its_place(name: str) -> None:
    """Anybody may send anything: the ledger must neither fall over it nor obey it."""
    lines = Lines()
    lines.add(json.dumps({"event_id": name}).encode(), place="sent.jsonl, line 1")
    (told,) = lines.without(Lines(), between="sent and not on the events stream")
    assert told.first == "sent.jsonl, line 1"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """One line, no traceback."""
    with pytest.raises(LaptopError, match=r"nowhere\.json cannot be read"):
        read_sent([tmp_path / "nowhere.json"])
    account = tmp_path / "account.json"
    account.write_text('{"produced": 3, "sent": 3}')
    with pytest.raises(LaptopError, match="no truth"):
        read_truth([account])
    assert (read_sent([]), read_truth([])) == (None, None)
