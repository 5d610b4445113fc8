"""One schedule, from its first record to the comparison."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from drills.catalogue import Batch
from drills.comparison import Wrong, compare
from drills.plan import SENDING_SECONDS, Plan
from drills.platform import Platform
from drills.producer import IDLE_SECONDS, Producer
from drills.strikes import kill_job_run, part_shards
from drills.timeline import Over, Timeline
from drills.traffic import traffic
from drills.watching import Watch, reached_at
from laptop.cloud.starting import ROOT
from laptop.network import aws_environment, clean_environment
from laptop.running import LaptopError

CATCH_UP_SECONDS = 600.0
BALANCE_SECONDS = 60.0
# So long after a fault's end something is sent that leads to an incident: its beacons are closer together.
SEEN_AFTER_SECONDS = 2.0
# What the ledger calls it; the comparison says of each of them whether it could be helped.
TOLD_TWICE = "incident with more than one alert"
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How long after a fault's end the pipeline had caught up with what had been sent by then; None where never."""

    name: str
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one schedule.

    `met` are the requests that each fault met, or the processes. `seconds` is the time from the first record to the
    last alert, without the longer way that an idle shard takes. `told_again` are alerts that were sent twice because
    SNS had taken them and nobody knew.
    """

    plan: Plan
    records: int
    incidents: int
    seconds: float
    met: dict[str, int]
    recoveries: tuple[Recovery, ...]
    wrong: tuple[Wrong, ...]
    ledger_differences: tuple[str, ...]
    told_again: int
    dead_letters: int
    errors: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is lost, doubled or different, and the ledger balances."""
        return not (self.wrong or self.ledger_differences or self.errors)


@dataclass
class Drill:
    """Runs schedules on one platform, one after the other. What was wrong once is not counted again."""

    platform: Platform
    say: Callable[[str], None]
    _known: set[str] = field(default_factory=set)

    def run(self, plan: Plan) -> Outcome:
        """Run one schedule. Raises SinkFault, Fault and LaptopError where it cannot be run at all."""
        platform, made = self.platform, traffic(plan.seed, plan.number, family=plan.family, untidy=plan.untidy)
        expected = platform.oracle.take(made.records)
        platform.expected.append(expected)
        told_before = platform.told_again()
        producer = Producer(port=platform.proxy.port, stream=platform.laptop.outputs["EventsStreamName"])
        watch = Watch(platform.mailbox, platform.raw_events, list(expected.incidents))
        archived_before = platform.raw_events.records
        timeline = Timeline(platform.proxy, platform.laptop)
        began = time.monotonic()
        watch.start()
        timeline.start(plan.timed)
        if made.quiet:
            part_shards(platform.laptop)
        self.say("sending")
        producer.send(made.records, seconds=SENDING_SECONDS, quiet=made.quiet)
        timeline.join()
        self.say("catching up")
        dead_letters = self._catch_up(watch)
        watch.stop()
        told_at = reached_at(watch.told, len(expected.incidents)) or time.monotonic()
        idle = IDLE_SECONDS if made.quiet else 0.0
        self.say("comparing")
        met = {over.name: over.times for over in timeline.over}
        errors = [*timeline.errors, *self._troubled_batch_job(plan, met)]
        wrong, differences = self._compare()
        return Outcome(
            plan=plan,
            records=len(made.records),
            incidents=len(expected.incidents),
            seconds=told_at - began - idle,
            met=met,
            recoveries=tuple(
                _recovery(over, producer, watch, tuple(expected.incidents.values()), archived_before)
                for over in timeline.over
                if over.times
            ),
            wrong=tuple(wrong),
            ledger_differences=tuple(differences),
            told_again=platform.told_again() - told_before,
            dead_letters=dead_letters,
            errors=tuple(errors),
        )

    def _catch_up(self, watch: Watch) -> int:
        """Wait until all is told and archived, sending dead letters again; return how many of these there were."""
        deadline, dead_letters = time.monotonic() + CATCH_UP_SECONDS, 0
        while time.monotonic() < deadline and not (watch.all_told and not (what := self.platform.missing())):
            self.say(f"catching up: {what if watch.all_told else 'alerts are due'}")
            dead_letters += self._resent()
            time.sleep(_PAUSE_SECONDS)
        return dead_letters

    def _resent(self) -> int:
        """Send what the responder gave up again, by the command for it; return how many letters there were."""
        laptop = self.platform.laptop
        url, sqs = laptop.outputs["DeadLettersUrl"], laptop.client("sqs")
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        letters = int(asked["Attributes"]["ApproximateNumberOfMessages"])
        if letters:
            command = [sys.executable, "-m", "lambdas.dead_letters", "--queue", url, "resend"]
            environment = {**clean_environment(), **aws_environment(laptop.endpoint_url), "PYTHONPATH": str(ROOT)}
            subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True)
        return letters

    def _troubled_batch_job(self, plan: Plan, met: dict[str, int]) -> list[str]:
        """Run the batch job with its trouble, and again; note what it met, return what went wrong that should not."""
        laptop = self.platform.laptop
        name = laptop.outputs["CurateJobName"]
        if plan.batch is Batch.KILLED:
            with ThreadPoolExecutor(max_workers=1) as aside:
                began = time.time()
                running = aside.submit(_refused, lambda: laptop.start_glue_job(name))
                killed = kill_job_run(laptop.work_dir / "glue", step=plan.batch_step, began=began)
                running.result()
            met[plan.batch] = int(killed)
        if plan.batch is Batch.TWICE:
            met[plan.batch] = 1
            with ThreadPoolExecutor(max_workers=2) as aside:
                both = aside.map(lambda _: _refused(lambda: laptop.start_glue_job(name)), range(2))
                return [why for why in both if why]
        return self._batch_job()

    def _batch_job(self) -> list[str]:
        """Run the batch job; return what went wrong."""
        laptop = self.platform.laptop
        why = _refused(lambda: laptop.start_glue_job(laptop.outputs["CurateJobName"]))
        return [why] if why else []

    def _compare(self) -> tuple[list[Wrong], list[str]]:
        """Return what is wrong and what the ledger says; what is under way is given time to arrive.

        A busy machine may need more of it: the last word is a batch job's that began when all had been archived.
        """
        platform, began, archived = self.platform, time.monotonic(), True
        while True:
            wrong = list(compare(platform.must_hold(), platform.holds(), platform.allowed()))
            again = platform.told_again()
            differences = [
                str(each)
                for each in platform.ledger().differences
                if not (each.between == TOLD_TWICE and each.records == again)
            ]
            new = [each for each in wrong if str(each) not in self._known]
            unknown = [each for each in differences if each not in self._known]
            patience = BALANCE_SECONDS if archived else CATCH_UP_SECONDS
            if not (new or unknown) or time.monotonic() > began + patience:
                self._known |= {*map(str, wrong), *differences}
                return new, unknown
            time.sleep(3)
            archived = not platform.missing()
            self._batch_job()


def _refused(run: Callable[[], object]) -> str:
    """Return why it was refused, in words; empty where it was not."""
    try:
        run()
    except LaptopError as error:
        return str(error)
    except ClientError as error:
        # Glue refuses a second run beside the first by itself.
        if error.response["Error"]["Code"] != "ConcurrentRunsExceededException":
            raise
    return ""


def _recovery(over: Over, producer: Producer, watch: Watch, places: tuple[int, ...], archived_before: int) -> Recovery:
    """Return how long it took from the fault's end until all was told, or archived, that had been sent by then.

    By then, and a moment later: what a kill left undone is not seen at what had been done before it.
    """
    sent = producer.sent_by(over.ended_at + SEEN_AFTER_SECONDS)
    if over.name.startswith("s3_"):
        steps, count = watch.archived, archived_before + sent
    else:
        steps, count = watch.told, sum(place < sent for place in places)
    reached = reached_at([step for step in steps if step.at >= over.ended_at] or steps[-1:], count)
    return Recovery(name=over.name, seconds=None if reached is None else max(0.0, reached - over.ended_at))
