"""A stream in moto, the queue of what was given up of it, its archive, and the function that answers for it."""

import gzip
import io
import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from click.testing import Result
from kinesis_delivery import REGION, Context
from shop import FULL, Shop
from typer.testing import CliRunner

from lambdas.addresses import Concealment
from lambdas.dead_letters.__main__ import app
from lambdas.dead_letters.batch import Archive, Stream
from lambdas.dead_letters.resend import Resender
from lambdas.respond.handler import respond

FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:responder"
# What a letter says whose records the stream has forgotten.
GONE = {"shardId": "shardId-000000000007"}


@dataclass
class Functions:
    """Lambda, which runs the shop's real responder; what it is asked is kept, and it can be told to fail."""

    shop: Shop
    events: list[dict[str, Any]] = field(default_factory=list)
    error: bytes = b""
    concealment: Concealment = FULL

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # the API's names
        assert FunctionName == FUNCTION
        event = json.loads(Payload)
        self.events.append(event)
        if self.error:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self.error)}
        answer = respond(event, Context(), responder=self.shop.container(concealment=self.concealment))
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

    def body(self, numbers: list[str] | None = None, **changes: Any) -> str:
        """Return the body of a letter; unless records are named, of one whose records the stream has forgotten."""
        self.give_up(numbers or ["1", "2"], **changes if numbers else GONE)
        (message,) = self.sqs.receive_message(QueueUrl=self.url)["Messages"]
        return str(message["Body"])

    def waiting(self) -> int:
        return int(
            self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"])[
                "Attributes"
            ]["ApproximateNumberOfMessages"]
        )

    def run(self, *words: str) -> Result:
        environment = {"DEAD_LETTERS_URL": self.url, "AWS_DEFAULT_REGION": REGION, "COLUMNS": "250"}
        return CliRunner().invoke(app, list(words), env=environment)


def open_post(shop: Shop) -> Post:
    """Return a stream, a queue and a bucket with nothing in them."""
    kinesis, sqs, s3 = (boto3.client(name, region_name=REGION) for name in ("kinesis", "sqs", "s3"))
    kinesis.create_stream(StreamName="incidents", ShardCount=1)
    s3.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": REGION})
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    return Post(shop, Functions(shop), kinesis, sqs, url, "incidents", "raw")
