"""Event source mappings: batches, retries, bisection, partial responses and the failure queue, as Lambda has them."""

import json
import threading
from datetime import UTC, datetime

import pytest
from laptop_rig import Cloud, eventually

from laptop.event_source.batches import Batches, Mapping
from laptop.event_source.service import EventSources
from laptop.shards import Record

REMEMBERS = """
import base64, json, os, boto3
def handle(event, context):
    lines = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps([lines, event["Records"][0]]))
    bad = [r["kinesis"]["sequenceNumber"] for r, line in zip(event["Records"], lines) if line == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in bad]}
"""


class Invoked:
    """Lambda with a function in it: `poison` makes it raise, `reports` makes it name the records it could not do."""

    def __init__(self, *, poison: str = "", reports: str = "", response: object = None):
        self.batches: list[list[str]] = []
        self._poison, self._reports, self._response = poison, reports, response

    def invoke(self, *, FunctionName, Payload):  # noqa: ARG002  # the API's signature
        records = json.loads(Payload)["Records"]
        names = [record["kinesis"]["partitionKey"] for record in records]
        self.batches.append(names)
        failed = [
            {"itemIdentifier": r["kinesis"]["sequenceNumber"]}
            for r in records
            if r["kinesis"]["partitionKey"] == self._reports
        ]
        body = json.dumps(self._response or {"batchItemFailures": failed}).encode()
        answer = {"Payload": type("Body", (), {"read": lambda _: body})()}
        return {**answer, "FunctionError": "Unhandled"} if self._poison in names and self._poison else answer


class Queue:
    def __init__(self):
        self.bodies: list[dict] = []

    def get_queue_url(self, QueueName):
        return {"QueueUrl": QueueName}

    def send_message(self, *, QueueUrl, MessageBody):  # noqa: ARG002  # the API's signature
        self.bodies.append(json.loads(MessageBody))


def work_off(names: str, function: Invoked, **options) -> tuple[list[str], list[dict]]:
    which = Mapping(
        **{
            "uuid": "u",
            "stream_arn": "arn:aws:kinesis:us-east-1:1:stream/s",
            "function_arn": "arn:f",
            "start": "LATEST",
            "batch_size": 100,
            "window_seconds": 0.0,
            "partial_responses": True,
            "bisect": False,
            "retries": 1,
            "on_failure_arn": "arn:aws:sqs:us-east-1:1:dead",
            **options,
        }
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    records = [
        Record(shard="shardId-0", sequence=str(9 + place), partition_key=name, data=b"", arrived_at=now)
        for place, name in enumerate(names)
    ]
    queue, done = Queue(), []
    Batches(which, lambda_=function, sqs=queue, role_arn="arn:r", end=threading.Event()).work_off(records, done.append)
    return done, queue.bodies


def test_a_batch_that_succeeds_is_done_at_once():
    """One invocation, one checkpoint behind the last record."""
    function = Invoked()
    assert work_off("abc", function) == (["11"], [])
    assert function.batches == [["a", "b", "c"]]


def test_a_partial_response_resumes_at_the_first_record_that_failed():
    """Sequence numbers are numbers: 9 comes before 10."""
    function = Invoked(reports="c")
    done, dead = work_off("abcd", function)
    assert function.batches == [list("abcd"), list("cd")]
    assert done == ["10", "12"]
    assert [body["KinesisBatchInfo"]["batchSize"] for body in dead] == [2]


def test_bisection_costs_no_retry_and_only_the_poison_reaches_the_failure_queue():
    """A poison record must take nothing else with it."""
    function = Invoked(poison="f")
    done, dead = work_off("abcdefgh", function, bisect=True, retries=1)
    assert done[-1] == "16"
    assert [body["KinesisBatchInfo"]["startSequenceNumber"] for body in dead] == ["14"]
    assert function.batches.count(["f"]) == 2


def test_the_failure_message_says_where_the_records_are():
    """The queue gets the place, not the payload; redriving needs every field of it."""
    (body,) = work_off("ab", Invoked(poison="a"), retries=0)[1]
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 1
    assert body["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert body["KinesisBatchInfo"] == {
        "shardId": "shardId-0",
        "startSequenceNumber": "9",
        "endSequenceNumber": "10",
        "batchSize": 2,
        "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00.000Z",
        "approximateArrivalOfLastRecord": "2026-01-01T00:00:00.000Z",
        "streamArn": "arn:aws:kinesis:us-east-1:1:stream/s",
    }


@pytest.mark.parametrize(
    "response", [{"batchItemFailures": [{"itemIdentifier": "999"}]}, {"batchItemFailures": [{"wrong": "9"}]}, ["no"]]
)
def test_a_partial_response_that_makes_no_sense_fails_the_whole_batch(response):
    """AWS treats it as a complete failure, so a typing error in the handler loses nothing."""
    _, dead = work_off("ab", Invoked(response=response), retries=0)
    assert [body["KinesisBatchInfo"]["batchSize"] for body in dead] == [2]


def test_without_partial_responses_the_return_value_is_of_no_account():
    """ReportBatchItemFailures has to be switched on in the template, else AWS ignores the answer."""
    function = Invoked(reports="a")
    assert work_off("ab", function, partial_responses=False) == (["10"], [])


def test_a_mapped_function_gets_the_event_of_aws_and_poison_ends_in_the_queue(cloud, unique, tmp_path):
    """The whole way over the real API: stream, mapping, function, failure queue."""
    seen = cloud.client("sqs").create_queue(QueueName=f"{unique}-seen")["QueueUrl"]
    dead = cloud.client("sqs").create_queue(QueueName=f"{unique}-dead")["QueueUrl"]
    arn = _map(cloud, unique, seen)
    service = EventSources(endpoint_url=cloud.endpoint_url, state=tmp_path)
    put = cloud.client("kinesis").put_records
    put(StreamName=unique, Records=[{"Data": line.encode(), "PartitionKey": "k"} for line in ("a", "bad", "c")])
    service.look()
    failure = eventually(lambda: _received(cloud, dead))
    batches = []

    def behind_the_poison_too() -> bool:
        batches.extend(_received(cloud, seen))
        return ["c"] in [lines for lines, _ in batches]

    eventually(behind_the_poison_too)
    service.stop()
    assert failure[0]["KinesisBatchInfo"]["batchSize"] == 1
    assert batches[0][0] == ["a", "bad", "c"]
    record = batches[0][1]
    assert record["eventSourceARN"] == arn
    assert record["eventID"] == f"shardId-000000000000:{record['kinesis']['sequenceNumber']}"
    assert isinstance(record["kinesis"]["approximateArrivalTimestamp"], float)


def _map(cloud: Cloud, name: str, seen: str) -> str:
    cloud.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    arn = f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}"
    cloud.function(name, REMEMBERS, Environment={"Variables": {"SEEN": seen}}, Timeout=20)
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead"}},
    )
    return arn


def _received(cloud: Cloud, url: str) -> list:
    messages = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]
