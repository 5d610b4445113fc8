"""The fault proxy: without a fault it changes nothing, and each fault does what it says and is remembered."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from drills_rig import Cloud

from drills.faults import Action, Fault
from drills.proxy import FaultProxy
from drills.request import PRODUCER, Request, Write
from laptop.network import client, endpoint


@pytest.fixture
def proxy(aws: Cloud, unique: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target_port=aws.port, seed=unique)
    with proxy.serving():
        yield proxy


def once(proxy: FaultProxy, service: str) -> Any:
    """Return a client that never tries again, and says that it is the producer."""
    session: Any = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, user_agent_extra=PRODUCER, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint(proxy.port), config=config)


@pytest.fixture
def stream(aws: Cloud, unique: str) -> str:
    client("kinesis", aws.endpoint_url).create_stream(StreamName=unique, ShardCount=1)
    return unique


def held(aws: Cloud, stream: str) -> list[bytes]:
    kinesis = client("kinesis", aws.endpoint_url)
    start = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName=stream, **start)["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def put(kinesis: Any, stream: str, lines: list[bytes]) -> Any:
    return kinesis.put_records(StreamName=stream, Records=[{"Data": line, "PartitionKey": "1"} for line in lines])


def create_table(aws: Cloud, name: str) -> None:
    keyed: Any = {"AttributeName": "incident_id"}
    client("dynamodb", aws.endpoint_url).create_table(
        TableName=name,
        KeySchema=[{**keyed, "KeyType": "HASH"}],
        AttributeDefinitions=[{**keyed, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def on(operation: str, action: Action, **options: Any) -> Fault:
    return Fault(name="a drill", action=action, meets=lambda request: request.operation == operation, **options)


def test_without_a_fault_every_protocol_passes(proxy: FaultProxy, unique: str) -> None:
    """JSON, query, REST and the bytes of objects: what changes on the way would be a fault nobody planned."""
    s3, content = once(proxy, "s3"), bytes(range(256)) * 100
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="a/b", Body=content)
    assert s3.get_object(Bucket=unique, Key="a/b")["Body"].read() == content
    assert s3.head_object(Bucket=unique, Key="a/b")["ContentLength"] == len(content)
    topic = once(proxy, "sns").create_topic(Name=unique)["TopicArn"]
    assert topic in [found["TopicArn"] for found in once(proxy, "sns").list_topics()["Topics"]]
    once(proxy, "cloudwatch").put_metric_data(Namespace=unique, MetricData=[{"MetricName": "m", "Value": 1}])
    assert {"s3:PutObject", "sns:CreateTopic", "monitoring:PutMetricData"} <= proxy.memory.requests.keys()


@pytest.mark.parametrize(
    ("service", "operation", "given", "code"),
    [
        ("kinesis", "ListStreams", {}, "ProvisionedThroughputExceededException"),
        ("sns", "ListTopics", {}, "InternalFailure"),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "InternalError"),
    ],
)
def test_a_refusal_is_an_error_that_the_client_can_read(
    proxy: FaultProxy, service: str, operation: str, given: dict[str, str], code: str
) -> None:
    """A client that cannot read the error would do something else than in AWS."""
    proxy.begin(on(operation, Action.REFUSE, code=code, status=400))
    method = {"ListStreams": "list_streams", "ListTopics": "list_topics", "GetObject": "get_object"}[operation]
    with pytest.raises(ClientError) as refused:
        getattr(once(proxy, service), method)(**given)
    assert refused.value.response["Error"]["Code"] == code


def test_a_fault_that_is_over_meets_nothing(proxy: FaultProxy) -> None:
    """Recovery is measured from there."""
    standing = proxy.begin(on("ListStreams", Action.REFUSE))
    with pytest.raises(ClientError):
        once(proxy, "kinesis").list_streams()
    proxy.end(standing)
    once(proxy, "kinesis").list_streams()
    assert standing.times == 1


def test_of_a_batch_in_part_refused_just_the_others_are_written(proxy: FaultProxy, aws: Cloud, stream: str) -> None:
    """The answer says of each record, in its place, whether it was taken."""
    proxy.begin(on("PutRecords", Action.HOLD_BACK))
    lines = [f"line {number}".encode() for number in range(40)]
    answer = put(once(proxy, "kinesis"), stream, lines)
    taken = [line for line, result in zip(lines, answer["Records"], strict=True) if "ErrorCode" not in result]
    assert held(aws, stream) == taken
    assert answer["FailedRecordCount"] == 40 - len(taken)
    assert 0 < len(taken) < 40


def test_an_answer_lost_is_remembered_with_what_was_written(proxy: FaultProxy, aws: Cloud, stream: str) -> None:
    """The producer has to send it again, and nobody may call that doubled."""
    proxy.begin(on("PutRecords", Action.LOSE_ANSWER))
    with pytest.raises(ConnectionClosedError):
        put(once(proxy, "kinesis"), stream, [b"a", b"b"])
    assert held(aws, stream) == [b"a", b"b"]
    assert proxy.memory.written_unconfirmed == {b"a": 1, b"b": 1}


def test_an_alert_whose_answer_was_lost_is_remembered_by_its_incident(proxy: FaultProxy, unique: str) -> None:
    """That one, and no other, may be told a second time."""
    topic = once(proxy, "sns").create_topic(Name=unique)["TopicArn"]
    proxy.begin(on("Publish", Action.LOSE_ANSWER))
    names = {name: {"DataType": "String", "StringValue": name[:1]} for name in ("rule", "incident_id")}
    with pytest.raises(ConnectionClosedError):
        once(proxy, "sns").publish(TopicArn=topic, Message="m", MessageAttributes=names)
    assert proxy.memory.told_unconfirmed == {"i": 1}


@pytest.mark.parametrize(
    ("steps", "again"), [(["row", "alert", "mark"], {}), (["row", "alert"], {"i": 1}), (["alert"], {})]
)
def test_an_alert_is_forgotten_with_the_process_that_has_not_marked_it(
    proxy: FaultProxy, aws: Cloud, unique: str, steps: list[str], again: dict[str, int]
) -> None:
    """Who answers for it next cannot know of it. That nothing is alerted before its row is there, one can expect."""
    topic = once(proxy, "sns").create_topic(Name=unique)["TopicArn"]
    create_table(aws, unique)
    names = {"incident_id": {"DataType": "String", "StringValue": "i"}}
    row = {"incident_id": {"S": "i"}}
    step: dict[str, Callable[[], object]] = {
        "row": lambda: once(proxy, "dynamodb").put_item(TableName=unique, Item=row),
        "alert": lambda: once(proxy, "sns").publish(TopicArn=topic, Message="m", MessageAttributes=names),
        "mark": lambda: once(proxy, "dynamodb").put_item(TableName=unique, Item={**row, "alerted_at": {"S": "now"}}),
    }
    for name in steps:
        step[name]()
    proxy.begin(on("CreateStream", Action.KILL_BEFORE))
    command = [sys.executable, "-c", CALLER, endpoint(proxy.port), unique]
    subprocess.run(command, check=False, env={**os.environ, **KEYS})
    assert proxy.memory.told_unconfirmed == again


def test_of_the_writes_to_a_row_the_first_and_the_mark_are_told_from_all_others(
    proxy: FaultProxy, aws: Cloud, unique: str
) -> None:
    """A responder killed at its row, or at its mark, must not have been killed at what only looks like one."""
    topic = once(proxy, "sns").create_topic(Name=unique)["TopicArn"]
    create_table(aws, unique)
    names = {"incident_id": {"DataType": "String", "StringValue": "i"}}
    writes = list[Write]()

    def note(request: Request) -> bool:
        if request.operation == "PutItem":
            writes.append(request.write)
        return False

    proxy.begin(replace(on("PutItem", Action.REFUSE), meets=note))
    row, claimed, told = {"incident_id": {"S": "i"}}, {"alert_claim": {"S": "c"}}, {"alerted_at": {"S": "now"}}
    for item in (row | claimed, row | claimed):
        once(proxy, "dynamodb").put_item(TableName=unique, Item=item)
    once(proxy, "sns").publish(TopicArn=topic, Message="m", MessageAttributes=names)
    for item in (row | claimed, row | told, row | told):
        once(proxy, "dynamodb").put_item(TableName=unique, Item=item)
    assert writes == [Write.ROW, Write.OTHER, Write.OTHER, Write.MARK, Write.OTHER]


KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
CALLER = """
import sys, boto3
kinesis = boto3.client("kinesis", endpoint_url=sys.argv[1], region_name="us-east-1")
kinesis.create_stream(StreamName=sys.argv[2], ShardCount=1)
"""


@pytest.mark.parametrize(("action", "there"), [(Action.KILL_BEFORE, False), (Action.KILL_AFTER, True)])
def test_a_caller_is_killed_before_or_after_its_write(
    proxy: FaultProxy, aws: Cloud, unique: str, action: Action, there: bool
) -> None:
    """The process itself is killed, so that no handler and no retry of it runs any more."""
    standing = proxy.begin(on("CreateStream", action))
    command = [sys.executable, "-c", CALLER, endpoint(proxy.port), unique]
    assert subprocess.run(command, check=False, env={**os.environ, **KEYS}).returncode == -signal.SIGKILL
    assert standing.times == 1
    assert not standing.caller_lives()
    assert (unique in client("kinesis", aws.endpoint_url).list_streams(Limit=1000)["StreamNames"]) is there
