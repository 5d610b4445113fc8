"""A dead letter on the laptop, the whole way: given up by the event source, sent again by the command."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from laptop_rig import Cloud, eventually
from typer.testing import CliRunner

from commerce.incident import Incident, to_line
from commerce.settings import to_environment
from lambdas.dead_letters.__main__ import app
from lambdas.respond.settings import PARTITION_KEY, RespondSettings
from laptop.event_source.service import EventSources
from laptop.network import aws_environment
from stacks.packaging import function_zip

OPENED_AT = datetime(2025, 3, 3, 9, tzinfo=UTC)
INCIDENT = Incident(
    incident_id="f" * 64,
    rule="request_flood",
    rule_version=1,
    subject_type="user",
    subject="7",
    state="open",
    severity="high",
    opened_at=OPENED_AT,
    last_seen_at=OPENED_AT,
    window_seconds=60,
    value=130.0,
    threshold=120.0,
    evidence='{"events": 130}',
    sample_event_ids=("event-1",),
    sentence="User 7 sent 130 events.",
)


def test_a_batch_that_was_given_up_is_stored_and_told_once(
    cloud: Cloud, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table was missing for a while; the command brings back what was given up meanwhile, twice asked or not."""
    url = cloud.client("sqs").create_queue(QueueName=f"{unique}-dead")["QueueUrl"]
    topic = cloud.client("sns").create_topic(Name=unique)["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="owner@example.com")
    _map(cloud, unique, topic)
    cloud.client("kinesis").put_record(StreamName=unique, Data=to_line(INCIDENT), PartitionKey="7")
    service = EventSources(endpoint_url=cloud.endpoint_url, state=tmp_path)
    service.look()
    eventually(lambda: _waiting(cloud, url))
    service.stop()
    _create_table(cloud, unique)

    for name, value in {**aws_environment(cloud.endpoint_url), "DEAD_LETTERS_URL": url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("lambdas.dead_letters.queue.WAIT_SECONDS", 0)
    first, second = (CliRunner().invoke(app, ["resend"]) for _ in range(2))

    assert (first.exit_code, "1 records sent again" in first.output) == (0, True), first.output
    assert (second.exit_code, second.output, _waiting(cloud, url)) == (0, "", 0)
    (row,) = cloud.client("dynamodb").scan(TableName=unique)["Items"]
    assert row[PARTITION_KEY]["S"] == INCIDENT.incident_id
    mails = [file for file in (cloud.work_dir / "mail").glob("*.eml") if topic in file.read_text()]
    assert len(mails) == 1


def _map(cloud: Cloud, name: str, topic: str) -> None:
    """Let the real responder, in its zip, read a stream and give a batch up at once."""
    settings = RespondSettings(incidents_table=name, alerts_topic_arn=topic)
    cloud.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=cloud.role,
        Handler="lambdas.respond.handler.handler",
        Code={"ZipFile": function_zip("respond").read_bytes()},
        Environment={"Variables": to_environment(settings)},
        Timeout=60,
    )
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}",
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        MaximumRetryAttempts=0,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead"}},
    )


def _create_table(cloud: Cloud, name: str) -> None:
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _waiting(cloud: Cloud, url: str) -> int:
    asked = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])
