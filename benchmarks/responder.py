"""What a thousand incidents cost the responder: calls, milliseconds, and the import that a cold start waits for.

Beside it what such functions usually do: for each record one put, one publish and one metric call. Both talk through
boto3 to the same AWS, moto in this process, so that the milliseconds are those of this machine and compare with each
other. The calls are those that AWS would bill.
"""

import io
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from moto import mock_aws

from benchmarks.measure import ROOT
from commerce.incident import Incident, incident_id, to_line
from lambdas.kinesis import kinesis_event, records
from lambdas.respond.parts import responder
from lambdas.respond.settings import PARTITION_KEY, RespondSettings
from laptop.shards import Record

REGION = "eu-central-1"
INCIDENTS = 1000
# As the stack has it.
BATCH_RECORDS = 100
IMPORT_RUNS = 5
_SHARD = "shardId-000000000000"
_STREAM_ARN = f"arn:aws:kinesis:{REGION}:123456789012:stream/incidents"
_OPENED_AT = datetime(2025, 3, 3, 8, tzinfo=UTC)
_IMPORT = "import time; began = time.perf_counter(); import lambdas.respond.handler; print(time.perf_counter() - began)"


@dataclass(frozen=True, kw_only=True)
class ResponderBenchmark:
    """Both patterns over the same incidents, each as often as `runs`."""

    runs: int
    say: Callable[[str], None]
    incidents: int = INCIDENTS

    def run(self) -> dict[str, Any]:
        """Measure; return the part `responder` of the report."""
        batches = list(_batches(self.incidents))
        self.say("the responder")
        ours = [_measured(_ours, batches) for _ in range(self.runs)]
        self.say("one put, one publish and one metric call a record")
        naive = [_measured(_naive, batches) for _ in range(self.runs)]
        self.say("the import of a cold start")
        return {
            "incidents": self.incidents,
            "batch_records": BATCH_RECORDS,
            **_figures(ours),
            "naive": _figures(naive),
            "import_milliseconds": median(_import_milliseconds() for _ in range(IMPORT_RUNS)),
        }


def _figures(runs: Sequence[tuple[float, Counter[str]]]) -> dict[str, Any]:
    calls = runs[-1][1]
    return {
        "milliseconds": median(milliseconds for milliseconds, _ in runs),
        "calls": dict(sorted(calls.items())),
        "calls_in_all": calls.total(),
    }


def _measured(pattern: Callable[[Any], Callable[[dict[str, Any]], None]], batches: Any) -> tuple[float, Counter[str]]:
    """Return the milliseconds that all batches take one after the other, and the calls by kind."""
    with _shop() as (session, settings):
        calls: Counter[str] = Counter()
        session.events.register("before-call.*.*", lambda model, **_: calls.update([model.name]))
        answer = pattern(_Clients(session=session, settings=settings))
        began = time.perf_counter()
        with redirect_stdout(io.StringIO()):  # where metrics go
            for batch in batches:
                answer(batch)
        return 1000 * (time.perf_counter() - began), calls


@dataclass(frozen=True, kw_only=True)
class _Clients:
    session: Any
    settings: RespondSettings

    def client(self, service: str) -> Any:
        return self.session.client(service)


def _ours(clients: _Clients) -> Callable[[dict[str, Any]], None]:
    parts = responder(
        clients.settings,
        dynamodb=clients.client("dynamodb"),
        allow_list=clients.client("dynamodb"),
        sns=clients.client("sns"),
        log=Logger(service="benchmark", stream=io.StringIO()),
    )

    def answer(batch: dict[str, Any]) -> None:
        faults = parts.answer(records(batch), seconds_left=lambda: 60.0)
        assert not faults, faults

    return answer


def _naive(clients: _Clients) -> Callable[[dict[str, Any]], None]:
    dynamodb, sns, cloudwatch = (clients.client(service) for service in ("dynamodb", "sns", "cloudwatch"))
    settings = clients.settings

    def answer(batch: dict[str, Any]) -> None:
        for record in records(batch):
            text = record.data.decode()
            item = {PARTITION_KEY: {"S": record.sequence_number}, "incident": {"S": text}}
            dynamodb.put_item(TableName=settings.incidents_table, Item=item)
            sns.publish(TopicArn=settings.alerts_topic_arn, Subject="Incident", Message=text)
            cloudwatch.put_metric_data(Namespace="Naive", MetricData=[{"MetricName": "Incidents", "Value": 1}])

    return answer


@contextmanager
def _shop() -> Iterator[tuple[Any, RespondSettings]]:
    """Yield a session of an AWS in this process with a table, an allow list and a topic, and the settings for them."""
    with mock_aws():
        session: Any = boto3.Session(
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",  # nosec B106
            region_name=REGION,
        )
        dynamodb = session.client("dynamodb")
        for name, key in (("incidents", PARTITION_KEY), ("allowed", "subject_key")):
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        arn = session.client("sns").create_topic(Name="alerts")["TopicArn"]
        yield (
            session,
            RespondSettings(incidents_table="incidents", alerts_topic_arn=arn, allow_list_table="allowed"),
        )


def _batches(incidents: int) -> Iterator[dict[str, Any]]:
    lines = [to_line(_incident(number)) for number in range(incidents)]
    all_records = [_record(line, number) for number, line in enumerate(lines)]
    for first in range(0, incidents, BATCH_RECORDS):
        batch = all_records[first : first + BATCH_RECORDS]
        yield kinesis_event(batch, shard=_SHARD, stream_arn=_STREAM_ARN, identity_arn="")


def _record(line: bytes, number: int) -> Record:
    return Record(sequence=f"{number:056d}", partition_key=str(number), data=line, arrived_at=_OPENED_AT, shard=_SHARD)


def _incident(number: int) -> Incident:
    """Return the first state of a flood, each of another user."""
    subject, opened_at = str(500_000_000 + number), _OPENED_AT + timedelta(seconds=number)
    return Incident(
        incident_id=incident_id(rule="request_flood", rule_version=1, subject=subject, opened_at=opened_at),
        rule="request_flood",
        rule_version=1,
        subject_type="user",
        subject=subject,
        state="open",
        severity="high",
        opened_at=opened_at,
        last_seen_at=opened_at,
        window_seconds=60,
        value=130.0,
        threshold=120.0,
        evidence='{"events": 130}',
        sample_event_ids=tuple(f"e{number}-{sample}" for sample in range(2)),
        sentence=f"User {subject} sent 130 events within 60 seconds; 120 is the limit for one shopper.",
    )


def _import_milliseconds() -> float:
    """Return how long a fresh process takes to import the handler."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", _IMPORT], env=environment, capture_output=True, text=True, check=True)
    return 1000 * float(ran.stdout)
