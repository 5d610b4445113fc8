"""A shop's table and topic in moto, the responder over them, and clients that break when told to."""

import io
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from kinesis_delivery import REGION, Context, kinesis_event
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends
from signals import incident as any_incident

from commerce.allowance import PARTITION_KEY as SUBJECT_KEY
from commerce.allowance import Allowance, to_item
from commerce.incident import Incident
from lambdas.addresses import Concealment
from lambdas.respond.handler import respond
from lambdas.respond.parts import responder
from lambdas.respond.row import Row, from_item
from lambdas.respond.settings import PARTITION_KEY, RespondSettings

OPENED_AT = datetime(2019, 10, 1, 2, 16, tzinfo=UTC)
SHOPPER = "518043721"
FULL = Concealment()
_names = itertools.count()


def incident(**changes: Any) -> Incident:
    """Return the first state of a request flood, with changes; the id follows from them."""
    values: dict[str, Any] = {
        "subject": SHOPPER,
        "opened_at": OPENED_AT,
        "last_seen_at": OPENED_AT,
        "state": "open",
        "value": 130.0,
        "evidence": '{"events": 130}',
        "sample_event_ids": ("event-1", "event-2"),
        "sentence": f"User {SHOPPER} sent 130 events within 60 seconds; 120 is the limit for one shopper.",
    }
    return any_incident(**values | changes)


class Clock:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class Crash(BaseException):
    """The container is gone: nothing of the program runs any more, no handler either."""


@dataclass
class Calls:
    """Every call to AWS, and what is to happen at which: `before` and `after` hold a step by call number."""

    before: dict[int, Any] = field(default_factory=dict)
    after: dict[int, Any] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def through(self, client: Any) -> Any:
        return _Client(client, self)


class _Client:
    def __init__(self, client: Any, calls: Calls) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            number = len(self._calls.made)
            self._calls.made.append(operation)
            self._calls.before.get(number, _nothing)()
            answer = getattr(self._client, operation)(**arguments)
            self._calls.after.get(number, _nothing)()
            return answer

        return call


def _nothing() -> None:
    """Let the call pass."""


def crash() -> None:
    raise Crash


@cache
def _client(service: str) -> Any:
    """Return a client made once: making it takes longer than all the calls of a test."""
    return boto3.client(service, region_name=REGION)


class Shop:
    """One table, one topic, and a clock. `deliver` is one invocation of the real handler in a new container."""

    def __init__(self) -> None:
        self.dynamodb, self.sns = _client("dynamodb"), _client("sns")
        name = f"incidents-{next(_names)}"
        self._create_table(name, PARTITION_KEY)
        self._create_table(f"allow-list-of-{name}", SUBJECT_KEY)
        arn = self.sns.create_topic(Name=name)["TopicArn"]
        self.settings = RespondSettings(
            incidents_table=name, alerts_topic_arn=arn, allow_list_table=f"allow-list-of-{name}"
        )
        self.clock = Clock()
        self.log = io.StringIO()

    def _create_table(self, name: str, key: str) -> None:
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def allow(self, subject: str = SHOPPER, **changes: Any) -> Allowance:
        """Put a subject on the allow list for an hour, with changes."""
        values: dict[str, Any] = {
            "subject_type": "user",
            "subject": subject,
            "because": "our price checker",
            "added_at": self.clock.now(),
            "added_by": "keeper",
            "expires_at": self.clock.now() + timedelta(hours=1),
        } | changes
        entry = Allowance(**values)
        self.dynamodb.put_item(TableName=self.settings.allow_list_table, Item=to_item(entry))
        return entry

    def container(
        self, calls: Calls | None = None, *, reads: Calls | None = None, concealment: Concealment = FULL
    ) -> Any:
        """Return a responder as a fresh container would build it; `reads` are its calls for the allow list."""
        calls = calls or Calls()
        return responder(
            self.settings,
            dynamodb=calls.through(self.dynamodb),
            sns=calls.through(self.sns),
            allow_list=(reads or Calls()).through(self.dynamodb),
            log=Logger(service=f"{self.settings.incidents_table}", stream=self.log),
            concealment=concealment,
            now=self.clock.now,
            wait=self.clock.wait,
        )

    def deliver(
        self,
        values: Iterable[bytes],
        *,
        calls: Calls | None = None,
        container: Any = None,
        milliseconds_left: int = 60_000,
    ) -> list[str]:
        """Deliver record values as one batch; return the sequence numbers that failed."""
        answer = respond(
            kinesis_event(values),
            Context(milliseconds_left=milliseconds_left),
            responder=container or self.container(calls),
        )
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def items(self) -> list[dict[str, Any]]:
        return self.dynamodb.scan(TableName=self.settings.incidents_table, ConsistentRead=True)["Items"]

    def rows(self) -> dict[str, Row]:
        rows = [from_item(item) for item in self.items()]
        return {row.incident.incident_id: row for row in rows}

    def mails(self) -> list[Any]:
        topic = sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics[self.settings.alerts_topic_arn]
        return list(topic.sent_notifications)

    def alerts(self) -> list[str]:
        """Return the incident id of every alert sent."""
        return [mail[3]["incident_id"]["Value"] for mail in self.mails()]

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]
