"""The responder's table, allow list and topic as dictionaries: a thousand records a second, where moto takes ten.

What they refuse, and how, is what AWS does with such a request.
"""

import io
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from commerce.metrics import RECORDS_FAILED
from lambdas.addresses import Concealment
from lambdas.respond.mail import MAX_SUBJECT
from lambdas.respond.parts import responder
from lambdas.respond.responder import Responder
from lambdas.respond.settings import PARTITION_KEY, RespondSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAX_KEY_BYTES = 2_048
MAX_ITEM_BYTES = 400 * 1_024
MAX_MESSAGE_BYTES = 256 * 1_024


def _refusal(operation: str, code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, **more}, operation)  # type: ignore[typeddict-item]


class Table:
    """DynamoDB as the responder uses it: conditional writes of the incidents, and a scan of the allow list."""

    def __init__(self, allow_list: list[dict[str, Any]]) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.refused: set[str] = set()
        self._allow_list = allow_list

    def put_item(self, *, Item: dict[str, Any], **condition: Any) -> None:
        key = Item[PARTITION_KEY]["S"]
        if not 0 < len(key.encode()) <= MAX_KEY_BYTES or len(json.dumps(Item, ensure_ascii=False)) > MAX_ITEM_BYTES:
            self.refused.add(key)
            raise _refusal("PutItem", "ValidationException")
        there = self.items.get(key)
        seen = condition.get("ExpressionAttributeValues", {}).get(":seen")
        if (there or {}).get("revision") != seen:
            raise _refusal("PutItem", "ConditionalCheckFailedException", Item=there)
        self.items[key] = Item

    def scan(self, **_: Any) -> dict[str, Any]:
        return {"Items": self._allow_list}


class Topic:
    """SNS: it takes a subject of less than 100 printable characters, and texts that UTF-8 can write."""

    def __init__(self) -> None:
        self.mailed: list[str] = []
        self.refused: set[str] = set()

    def publish(self, *, Subject: str, Message: str, MessageAttributes: dict[str, Any], **_: Any) -> None:
        assert 0 < len(Subject) <= MAX_SUBJECT and Subject.isascii() and Subject.isprintable(), Subject
        attributes = {name: value["StringValue"] for name, value in MessageAttributes.items()}
        assert all(text.encode() for text in attributes.values()), attributes
        if len(Message.encode()) > MAX_MESSAGE_BYTES:
            self.refused.add(attributes["incident_id"])
            raise _refusal("Publish", "InvalidParameter")
        self.mailed.append(attributes["incident_id"])


class Log:
    """What the responder logs. The logger is one for all: loggers are never let go of."""

    def __init__(self) -> None:
        self.logger, self._stream = _logger()
        self._stream.seek(0)
        self._stream.truncate()

    def errors(self) -> list[dict[str, Any]]:
        lines = map(json.loads, self._stream.getvalue().splitlines())
        return [line for line in lines if line["level"] == "ERROR"]


@cache
def _logger() -> tuple[Logger, io.StringIO]:
    stream = io.StringIO()
    return Logger(service="in-memory", stream=stream), stream


def responder_over(table: Table, topic: Topic, log: Log, concealment: Concealment) -> Responder:
    """Return the responder over these parts, at a fixed time."""
    parts: dict[str, Any] = {"dynamodb": table, "allow_list": table, "sns": topic}
    settings = RespondSettings(
        incidents_table="incidents",
        alerts_topic_arn="arn:aws:sns:eu-central-1:123456789012:alerts",
        allow_list_table="allow-list",
    )
    return responder(settings, **parts, log=log.logger, concealment=concealment, now=lambda: NOW, wait=lambda _: None)


def failed_records(printed: str) -> int:
    """Return how many failed records the metrics say that an invocation printed."""
    lines = map(json.loads, printed.splitlines())
    return int(sum(sum(line.get(RECORDS_FAILED.name, [])) for line in lines))
