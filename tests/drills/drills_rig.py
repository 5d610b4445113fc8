"""The platform without a cluster: every other part is the real one, in this process, behind the fault proxy.

What the detector would find the oracle says; from there on all is as on the laptop: Firehose, the event source with
the responder, curate, and the drills' own comparison.
"""

import io
import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from commerce.incident import Incident, to_line
from drills.comparison import Allowed, Sides, Wrong, compare
from drills.faults import Fault
from drills.oracle import Oracle
from drills.platform import ArchivedLines, EventLines, must_hold
from drills.producer import Producer
from drills.proxy import FaultProxy
from drills.states import of_lake, of_rows, of_states
from drills.traffic import FIRST_STRETCH, POISON, beacons
from drills.watching import Mailbox
from glue_jobs.curate import Curate
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from lambdas.respond.handler import respond
from lambdas.respond.parts import responder
from lambdas.respond.settings import PARTITION_KEY, RespondSettings
from laptop.checkpoints import Checkpoint
from laptop.demo.lake import lake_settings, opened_lake
from laptop.demo.readings import IncidentsStream, stored_incidents
from laptop.deploy import Deployment
from laptop.event_source.batches import Batches, Mapping
from laptop.firehose.delivery import Destination, ShardDelivery
from laptop.network import client, endpoint
from laptop.running import Laptop
from laptop.shards import ShardCursor
from simulator.record import Record

SHARD = "shardId-000000000000"
DELIVERED_SECONDS = 15.0
MOST_REQUESTS = 10
# So few that the end of an incident comes to the responder later than its beginning.
READ_AT_ONCE = 20


@dataclass(frozen=True)
class Cloud:
    port: int
    endpoint_url: str
    work_dir: Path


class Killed(BaseException):
    """The process is gone: nothing of the program runs any more, no handler either."""


@dataclass
class Mortal:
    """A client whose process is killed at an operation, before or after it is done, once in all."""

    inner: Any
    operation: str
    after: bool
    nth: int = 1
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> Any:
            struck = name == self.operation and (self.calls.append(name) or len(self.calls) == self.nth)
            if struck and not self.after:
                raise Killed
            answer = getattr(self.inner, name)(**given)
            if struck:
                raise Killed
            return answer

        return call


class Clock:
    """A clock that also moves when somebody waits: a claim lapses without the test's waiting for it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        at = datetime.now(UTC) + self.ahead
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def wait(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class Unhurried(threading.Event):
    """The event that pauses between two tries wait for: the clock moves, and a bug that fails for ever is given up."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.wait(timeout or 0)
        return self.is_set()


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong in a run: faults of the proxy by the part they are to meet, and kills."""

    sending: Fault | None = None
    delivering: Fault | None = None
    responding: Fault | None = None
    responder_killed: tuple[str, bool, int] | None = None  # at which operation, after it, at the which-th
    delivery_killed: bool = False  # between an object and its checkpoint
    curate_killed_at: str | None = None


class Rig:
    def __init__(self, aws: Cloud, name: str, proxy: FaultProxy) -> None:
        self.laptop = _shop(aws, name)
        self.proxy = proxy
        self.clock = Clock()
        self._front = endpoint(proxy.port)

    def wrong(self, trouble: Trouble) -> list[Wrong]:
        """Send traffic through everything, with trouble; return what the drills find wrong."""
        made = small_traffic()
        expected = Oracle(arrived_at=datetime.now(UTC)).take(made)
        with self._standing(trouble.sending):
            Producer(port=self.proxy.port, stream=self.laptop.outputs["EventsStreamName"]).send(made, seconds=0)
        self._detect(list(expected.incidents))
        self._deliver("Events", trouble)
        self._deliver("Incidents", Trouble())
        self._respond(trouble)
        self._curate(trouble.curate_killed_at)
        memory = self.proxy.memory
        allowed = Allowed(lines=memory.written_unconfirmed, told=memory.told_unconfirmed)
        return list(compare(must_hold([expected]), self.holds(), allowed))

    def holds(self) -> Sides:
        lines, incidents = EventLines(self.laptop), IncidentsStream(self.laptop)
        archive = ArchivedLines(self.laptop.client("s3"), self.laptop.outputs["RawBucketName"])
        mailbox = Mailbox(self.laptop.mail, self.laptop.outputs["AlertsTopicArn"])
        for side in (lines, archive, incidents, mailbox):
            side.read()
        rows = stored_incidents(self.laptop)
        with opened_lake(self.laptop) as lake:
            return Sides(
                lines=lines.lines,
                archive=archive.lines,
                rejects=Counter(bytes(line) for (line,) in lake.ask("SELECT line FROM rejects").rows),
                events=Counter(name for (name,) in lake.ask("SELECT event_id FROM events").rows),
                on_stream=dict.fromkeys(incidents.incidents, 1),
                stored=Counter(item["incident_id"]["S"] for item in rows),
                curated=Counter(name for (name,) in lake.ask("SELECT incident_id FROM incidents").rows),
                told=mailbox.told,
                said=of_states(incidents.states),
                stored_as=of_rows(rows),
                curated_as=of_lake(lake),
            )

    @contextmanager
    def _standing(self, fault: Fault | None) -> Iterator[None]:
        if fault is None:
            yield
            return
        standing = self.proxy.begin(limited(fault))
        try:
            yield
        finally:
            self.proxy.end(standing)

    def _detect(self, due: list[str]) -> None:
        """Write what the detector would have: each incident as it opens and is extended, and the first one's end."""
        states = [incident(name, state=state) for name in due for state in ("open", "extended")]
        states.append(incident(due[0], state="closed"))
        entries = [{"Data": to_line(state), "PartitionKey": state.incident_id} for state in states]
        name = self.laptop.outputs["IncidentsStreamName"]
        for start in range(0, len(entries), 100):
            self.laptop.client("kinesis").put_records(StreamName=name, Records=entries[start : start + 100])

    def _deliver(self, feed: str, trouble: Trouble) -> None:
        s3 = client("s3", self._front, attempts=1)
        with self._standing(trouble.delivering):
            if trouble.delivery_killed:
                with suppress(Killed):
                    self._deliver_all(feed, Mortal(s3, "put_object", after=True))
            self._deliver_all(feed, s3)

    def _deliver_all(self, feed: str, s3: Any) -> None:
        """Deliver as the service does, until its checkpoint is at the last record or nothing more comes."""
        kinesis, stream = self.laptop.client("kinesis"), self.laptop.outputs[f"{feed}StreamName"]
        cursor = ShardCursor(kinesis, stream=stream, shard=SHARD, after=None)
        last = cursor.read(10_000)[-1].sequence
        delivery, checkpoint = self._delivery(feed, s3), self._checkpoint(feed)
        deadline = time.monotonic() + DELIVERED_SECONDS
        while checkpoint.load().get("done") != last and time.monotonic() < deadline:
            with suppress(ClientError, BotoCoreError):
                if delivery.step():
                    continue
            time.sleep(0.05)

    def _checkpoint(self, feed: str) -> Checkpoint:
        return Checkpoint(self.laptop.work_dir / "state" / self.laptop.outputs[f"{feed}StreamName"] / "place.json")

    def _delivery(self, feed: str, s3: Any) -> ShardDelivery:
        stream = self.laptop.outputs[f"{feed}StreamName"]
        return ShardDelivery(
            Destination(
                stream=stream,
                version="1",
                source=stream,
                bucket=self.laptop.outputs["RawBucketName"],
                prefix=f"raw/{feed.lower()}/!{{timestamp:yyyy/MM/dd/HH}}/",
                suffix=".gz",
                compressed=True,
                delimiter=b"\n",
                buffer_seconds=0.2,
                buffer_bytes=20_000,
            ),
            kinesis=client("kinesis", self._front, attempts=1),
            s3=s3,
            shard=SHARD,
            checkpoint=self._checkpoint(feed),
        )

    def _respond(self, trouble: Trouble) -> None:
        stream = self.laptop.outputs["IncidentsStreamName"]
        cursor = ShardCursor(self.laptop.client("kinesis"), stream=stream, shard=SHARD, after=None)
        function = Function(self, trouble.responder_killed)
        end = Unhurried(self.clock)
        batches = Batches(_mapping(stream), lambda_=function, sqs=None, role_arn="arn:r", end=end)
        with self._standing(trouble.responding):
            while records := cursor.read(READ_AT_ONCE):
                batches.work_off(records, lambda _: None)

    def container(self, killed: tuple[str, bool, int] | None) -> Any:
        """Return a responder as a fresh container has it; it dies once, at that call."""
        dynamodb = _boto("dynamodb", self._front)
        sns: Any = _boto("sns", self._front)
        if killed:
            operation, after, nth = killed
            dynamodb, sns = (Mortal(each, operation, after=after, nth=nth) for each in (dynamodb, sns))
        settings = RespondSettings(
            incidents_table=self.laptop.outputs["IncidentsTableName"],
            alerts_topic_arn=self.laptop.outputs["AlertsTopicArn"],
        )
        log = Logger(service=settings.incidents_table, stream=io.StringIO())
        return responder(
            settings,
            dynamodb=dynamodb,
            allow_list=dynamodb,
            sns=sns,
            log=log,
            now=self.clock.now,
            wait=self.clock.wait,
        )

    def _curate(self, killed_at: str | None) -> None:
        def reached(step: str) -> None:
            if step == killed_at:
                raise Killed

        settings = lake_settings(self.laptop)
        raw = RawBucket(name=settings.raw_bucket, s3=self.laptop.client("s3"))
        for told in (reached, lambda _: None) if killed_at else (lambda _: None,):
            engine = open_engine(settings, raw=raw, environment=os.environ)
            try:
                Curate(engine=engine, raw=raw, settings=settings, clock=self.clock.now, reached=told).run()
            except Killed:
                pass
            finally:
                engine.close()


@dataclass
class Function:
    """The responder behind Lambda's Invoke; a container that dies is replaced by one that does not."""

    rig: Rig
    killed: tuple[str, bool, int] | None
    _container: Any = None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: ARG002  # the API's names
        self._container = self._container or self.rig.container(self.killed)
        try:
            answer = respond(json.loads(Payload), Context(), responder=self._container)
        except Killed:
            self._container, self.killed = None, None
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b"{}")}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


class Context:
    function_name = "responder"
    function_version = "$LATEST"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:responder"
    aws_request_id = "6f2e1a3c-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def limited(fault: Fault) -> Fault:
    """Return the fault as one that is over after so many requests: time would depend on how busy the machine is."""
    left = itertools.count(1)
    return replace(fault, meets=lambda request: fault.meets(request) and next(left) <= MOST_REQUESTS)


def small_traffic() -> list[Record]:
    """Return a few minutes of beacons, some of them sent twice, and poison between them."""
    made: list[Record] = []
    for number, record in enumerate(beacons(0, opens=FIRST_STRETCH, closes=FIRST_STRETCH + timedelta(minutes=12))):
        made.append(record)
        if number % 7 == 3:
            made.append(record)
        if number % 9 == 4:
            spoil = list(POISON.values())[number % 5]
            made.append(Record(data=spoil(record.data), partition_key="poison", event_time=None))
    last = next(beacons(1, opens=FIRST_STRETCH + timedelta(hours=1), closes=FIRST_STRETCH + timedelta(hours=2)))
    return [*made, last]


def incident(name: str, *, state: str) -> Incident:
    """Return a state of an incident that has this id."""
    at = FIRST_STRETCH if state == "open" else FIRST_STRETCH + timedelta(minutes=1)
    return Incident(
        incident_id=name,
        rule="card_testing",
        rule_version=1,
        subject_type="user",
        subject=name[:9],
        state=state,
        severity="critical",
        opened_at=FIRST_STRETCH,
        last_seen_at=at,
        window_seconds=600,
        value=11.0,
        threshold=10.0,
        evidence="{}",
        sample_event_ids=("event-1",),
        sentence="A beacon.",
    )


def _mapping(stream: str) -> Mapping:
    return Mapping(
        uuid="u",
        stream_arn=f"arn:aws:kinesis:us-east-1:123456789012:stream/{stream}",
        function_arn="arn:f",
        start="TRIM_HORIZON",
        batch_size=READ_AT_ONCE,
        window_seconds=0.0,
        partial_responses=True,
        bisect=True,
        retries=10,
        on_failure_arn=None,
    )


def _boto(service: str, endpoint_url: str) -> Any:
    """Return a client that gives up sooner than the function's own, so that what it meets reaches the function."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 2})
    session: Any = boto3.Session(aws_access_key_id="laptop", aws_secret_access_key="laptop", region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint_url, config=config)


def _shop(aws: Cloud, name: str) -> Laptop:
    kinesis, sns = client("kinesis", aws.endpoint_url), client("sns", aws.endpoint_url)
    for stream in (f"{name}-events", f"{name}-incidents"):
        kinesis.create_stream(StreamName=stream, ShardCount=1)
    client("s3", aws.endpoint_url).create_bucket(Bucket=name)
    client("dynamodb", aws.endpoint_url).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="owner@example.com")
    while not kinesis.describe_stream(StreamName=f"{name}-events")["StreamDescription"]["Shards"]:
        time.sleep(0.1)
    return Laptop(
        endpoint_url=aws.endpoint_url,
        work_dir=aws.work_dir,
        outputs={
            "EventsStreamName": f"{name}-events",
            "IncidentsStreamName": f"{name}-incidents",
            "RawBucketName": name,
            "GlueDatabaseName": name,
            "IncidentsTableName": name,
            "AlertsTopicArn": topic,
        },
        flink_web=None,
        deployment=Deployment(work_dir=aws.work_dir, group=0),
    )
