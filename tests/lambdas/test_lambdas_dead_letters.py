"""Dead letters are looked at and sent again: nothing lost, nothing doubled, and what fails again stays."""

import base64
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from click.testing import Result
from kinesis_delivery import REGION, Context
from shop import Shop, incident
from typer.testing import CliRunner

from commerce.incident import Tally, to_line
from lambdas.dead_letters import __main__ as command
from lambdas.dead_letters.__main__ import app
from lambdas.dead_letters.batch import Archive, Stream
from lambdas.dead_letters.letter import LetterError, read_letter
from lambdas.dead_letters.queue import DeadLetterQueue
from lambdas.dead_letters.resend import Resender
from lambdas.respond.handler import respond

FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:responder"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TALLY = Tally(tally_id="t-1", period_start=NOW, outcome="on_time", reason="", records=7)


@dataclass
class Functions:
    """Lambda, which runs the shop's real responder; what it is asked is kept, and it can be told to fail."""

    shop: Shop
    events: list[dict[str, Any]] = field(default_factory=list)
    error: bytes = b""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # the API's names
        assert FunctionName == FUNCTION
        event = json.loads(Payload)
        self.events.append(event)
        if self.error:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self.error)}
        answer = respond(event, Context(), responder=self.shop.container())
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass(frozen=True)
class Post:
    """A stream with one shard, a queue for dead letters, a bucket, and the function."""

    shop: Shop
    functions: Functions
    kinesis: Any
    sqs: Any
    url: str
    stream: str
    bucket: str

    def put(self, *values: bytes) -> list[str]:
        return [
            self.kinesis.put_record(StreamName=self.stream, Data=value, PartitionKey="1")["SequenceNumber"]
            for value in values
        ]

    def give_up(self, numbers: list[str], **changes: Any) -> str:
        """Write what Lambda writes when it gives these records up; return the message's id."""
        batch = {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[-1],
            "approximateArrivalOfFirstRecord": "2026-03-01T11:59:58.123Z",
            "approximateArrivalOfLastRecord": "2026-03-01T12:00:00Z",
            "batchSize": len(numbers),
            "streamArn": f"arn:aws:kinesis:{REGION}:123456789012:stream/{self.stream}",
        } | changes
        body = {
            "requestContext": {
                "requestId": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
                "functionArn": FUNCTION,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 11,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
            "version": "1.0",
            "timestamp": "2026-03-01T12:10:00.000Z",
            "KinesisBatchInfo": batch,
        }
        return self.say(json.dumps(body))

    def say(self, body: str) -> str:
        return str(self.sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"])

    def archive(self, key: str, *lines: bytes) -> None:
        boto3.client("s3", region_name=REGION).put_object(
            Bucket=self.bucket, Key=key, Body=gzip.compress(b"\n".join(lines) + b"\n")
        )

    def resender(self, *, archived: bool = False) -> Resender:
        archive = Archive(client=boto3.client("s3", region_name=REGION), bucket=self.bucket) if archived else None
        return Resender(stream=Stream(client=self.kinesis), archive=archive, functions=self.functions)  # type: ignore

    def waiting(self) -> int:
        return int(
            self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"])[
                "Attributes"
            ]["ApproximateNumberOfMessages"]
        )

    def run(self, *words: str) -> Result:
        environment = {"DEAD_LETTERS_URL": self.url, "AWS_DEFAULT_REGION": REGION, "COLUMNS": "250"}
        return CliRunner().invoke(app, list(words), env=environment)


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Return a session that knows the services' descriptions already: reading them takes longer than a test."""
    return boto3.Session(region_name=REGION)


@pytest.fixture
def post(shop: Shop, session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.setattr("lambdas.dead_letters.queue.WAIT_SECONDS", 0)
    functions = Functions(shop)
    # moto would run the function in a container; the command asks this one place for its client.
    monkeypatch.setattr(command.clients, "functions", lambda: functions)
    kinesis, sqs, s3 = (boto3.client(name, region_name=REGION) for name in ("kinesis", "sqs", "s3"))
    kinesis.create_stream(StreamName="incidents", ShardCount=1)
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": REGION})
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    return Post(shop, functions, kinesis, sqs, url, "incidents", "raw")


def test_a_dead_letter_is_answered_and_goes(post: Post) -> None:
    """The cause is gone, so the incident is stored, its alert sent, and the message is no more."""
    post.give_up(post.put(to_line(incident()), to_line(TALLY)))
    done = post.run("resend")
    assert (done.exit_code, "2 records sent again" in done.output) == (0, True), done.output
    assert post.shop.alerts() == [incident().incident_id]
    assert (post.waiting(), len(post.shop.rows())) == (0, 1)


def test_sending_again_what_was_answered_doubles_nothing(post: Post) -> None:
    """Two letters may name one record, and a command may be killed before it deletes its message."""
    numbers = post.put(to_line(incident()))
    post.shop.deliver([to_line(incident())])
    for _ in range(2):
        post.give_up(numbers)
    assert post.run("resend").exit_code == 0
    assert post.run("resend").exit_code == 0
    assert post.shop.alerts() == [incident().incident_id]
    assert (post.waiting(), len(post.functions.events)) == (0, 2)


def test_only_the_records_of_the_batch_are_sent(post: Post) -> None:
    """What stands before and behind it in the shard was answered."""
    _, second, third, _ = post.put(*(to_line(incident(subject=str(n))) for n in range(4)))
    post.give_up([second, third])
    assert post.run("resend").exit_code == 0
    (event,) = post.functions.events
    assert [record["kinesis"]["sequenceNumber"] for record in event["Records"]] == [second, third]
    assert {row.incident.subject for row in post.shop.rows().values()} == {"1", "2"}


def test_a_batch_with_a_record_that_fails_again_stays(post: Post) -> None:
    """The others of the batch are answered all the same; the command says which is at fault, and ends with 1."""
    numbers = post.put(b"poison", to_line(incident()))
    post.give_up(numbers)
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), len(post.shop.alerts())) == (1, 1, 1)
    assert f"1 of 2 records failed again: {numbers[0]}" in done.output


def test_a_function_that_still_fails_keeps_its_letters(post: Post) -> None:
    """Nothing is deleted on hope."""
    post.give_up(post.put(to_line(incident())))
    post.functions.error = b'{"errorMessage": "no such table"}'
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), "no such table" in done.output) == (1, 1, True)


def test_an_answer_without_an_account_is_a_failure(post: Post) -> None:
    """A function of another version may answer anything; what it says nothing of is not done."""
    letter = post.give_up(post.put(to_line(incident())))
    post.functions.invoke = lambda **_: {"Payload": io.BytesIO(b"null")}  # type: ignore[method-assign]
    assert "it gave no account" in post.run("resend", letter).output
    assert post.waiting() == 1


def test_looking_at_letters_leaves_them_where_they_are(post: Post) -> None:
    """Whoever looks must not have to send."""
    letter = post.give_up(post.put(to_line(incident()), to_line(TALLY), b"poison"))
    listed, shown = post.run("list"), post.run("show", letter)
    assert letter in listed.output
    assert "RetryAttemptsExhausted" in listed.output
    for words in (incident().incident_id, "7 on_time", "unreadable"):
        assert words in shown.output
    assert (post.waiting(), post.functions.events) == (1, [])


def test_a_letter_can_be_chosen_and_one_that_is_not_there_is_named(post: Post) -> None:
    """One letter at a time is the careful way."""
    one, other = (post.give_up(post.put(to_line(incident(subject=name)))) for name in ("1", "2"))
    assert post.run("resend", other).exit_code == 0
    assert [row.incident.subject for row in post.shop.rows().values()] == ["2"]
    refused = post.run("resend", other)
    assert (refused.exit_code, f"{other} is not in the queue" in refused.output) == (2, True)
    assert one in post.run("list").output


def test_what_can_never_be_answered_is_discarded_by_name(post: Post) -> None:
    """A poison record would keep the alarm on for fourteen days."""
    poison, other = post.give_up(post.put(b"poison")), post.give_up(post.put(to_line(incident())))
    assert post.run("discard", poison).exit_code == 0
    assert (poison in post.run("list").output, other in post.run("list").output) == (False, True)
    assert post.run("discard").exit_code != 0, "never all of them by mistake"


def test_a_message_that_is_no_dead_letter_is_said_to_be_none_and_holds_nobody_up(post: Post) -> None:
    """Anybody with the right may write to a queue."""
    odd = [post.say(body) for body in ("no json", "[]", "{}", '{"KinesisBatchInfo": 1}')]
    post.give_up(post.put(to_line(incident())))
    assert all(name in post.run("list").output for name in odd)
    assert (post.run("resend").exit_code, post.waiting(), len(post.shop.alerts())) == (1, len(odd), 1)


def test_records_that_the_stream_has_forgotten_are_not_passed_over(post: Post) -> None:
    """Half a batch sent and the message deleted would be a loss that nobody hears of."""
    numbers = post.put(to_line(incident()))
    post.give_up(numbers, batchSize=2)
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), post.functions.events) == (1, 1, [])
    assert "1 of its 2 records left: name the raw bucket by --archive" in done.output


@pytest.mark.parametrize("gone", [{"shardId": "shardId-000000000007"}, {"batchSize": 2}])
def test_what_the_stream_has_forgotten_comes_from_the_archive(post: Post, gone: dict[str, Any]) -> None:
    """A stream forgets after a day, a queue after fourteen, the raw bucket after a month."""
    there = incident(subject="1")
    post.archive("raw/incidents/2026/03/01/10/a.gz", to_line(incident(subject="of the hour before")))
    post.archive("raw/incidents/2026/03/01/11/a.gz", to_line(there), to_line(TALLY), b"poison", to_line(there))
    post.archive("raw/incidents/2026/03/01/13/a.gz", to_line(incident(subject="later")))
    post.give_up(post.put(to_line(there)), **gone)
    assert post.run("resend", "--archive", post.bucket).exit_code == 0
    assert {row.incident.subject for row in post.shop.rows().values()} == {"1", "of the hour before"}
    assert (len(post.shop.alerts()), post.waiting()) == (2, 0)
    sent = [base64.b64decode(record["kinesis"]["data"]) for record in post.functions.events[0]["Records"]]
    assert [b"tally" in line for line in sent] == [False, False, False]


def test_many_records_go_in_batches_that_an_invocation_takes(post: Post) -> None:
    """The archive of some hours may hold thousands."""
    lines = [to_line(incident(subject=str(number))) for number in range(101)]
    post.archive("raw/incidents/2026/03/01/12/a.gz", *lines)
    letter = read_letter({"Body": _body(post)})
    assert post.resender(archived=True).resend(letter).sent == 101
    assert [len(event["Records"]) for event in post.functions.events] == [100, 1]


def test_letters_can_be_seen_again_at_once(post: Post) -> None:
    """A command that fails in the middle must not hide the queue for a quarter of an hour."""
    post.give_up(post.put(to_line(incident())))
    queue = DeadLetterQueue(client=post.sqs, url=post.url)
    with pytest.raises(KeyboardInterrupt), queue.held() as held:
        assert (len(held.messages), post.waiting()) == (1, 0)
        raise KeyboardInterrupt
    assert post.waiting() == 1


def test_a_letter_whose_records_grew_too_old_has_no_count_of_tries(post: Post) -> None:
    """Lambda gives up without an attempt then."""
    body = json.loads(_body(post))
    del body["requestContext"]["approximateInvokeCount"]
    assert read_letter({"Body": json.dumps(body)}).attempts == 0
    del body["KinesisBatchInfo"]["shardId"]
    with pytest.raises(LetterError, match="shardId"):
        read_letter({"Body": json.dumps(body)})


def test_without_a_queue_the_command_says_how_to_name_one() -> None:
    """One line, and no traceback."""
    refused = CliRunner().invoke(app, ["list"], env={"DEAD_LETTERS_URL": ""})
    assert (refused.exit_code, refused.output.count("\n"), "--queue" in refused.output) == (2, 1, True)


def _body(post: Post) -> str:
    """Return the body of a letter whose records the stream has forgotten."""
    post.give_up(["1", "2"], shardId="shardId-000000000007")
    (message,) = post.sqs.receive_message(QueueUrl=post.url)["Messages"]
    return str(message["Body"])
