"""From the event that crosses a threshold to the incident's row and to the alert, on AWS on the laptop.

Everything is the deployed application: stream, detector, function, table, topic. Events happen when they are sent. A
rule is judged at the end of a pane, once nobody is waited for any more; that wait is the design's and is told apart
from what the pipeline takes after it.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.measure import BenchmarkError
from commerce.event import Event, parse_instant, to_line
from commerce.rules.card_testing import CARD_TESTING
from commerce.rules.rule import PANE_SECONDS
from flink_app.settings import DetectorSettings
from laptop.demo.readings import alert_mails, stored_incidents
from laptop.demo.waiting import readings, until
from laptop.running import Laptop, LaptopError, running_laptop
from simulator.record import Record
from simulator.sinks.kinesis import KinesisSink

LATENESS_SECONDS = DetectorSettings.allowed_lateness_seconds
TICK_SECONDS = 0.1
# Each period of the detector's own account: those within a burst show what it takes at most.
PERIOD_SECONDS = DetectorSettings.tally_seconds
BURST_PERIODS = 5
# Of what the laptop sustains, this much is sent while alerts are timed.
STEADY_SHARE = 0.5
_PURCHASES = round(CARD_TESTING.leading.threshold)
_BURST_BLOCK = 500
_BROWSERS = 40


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """An attacker's event that crosses the threshold: when it was sent, which is when it happened."""

    user_id: str
    sent_at: datetime

    @property
    def due_at(self) -> datetime:
        """When the pane that it is in is over, and nobody is waited for any more: the earliest verdict."""
        into_pane = self.sent_at.timestamp() % PANE_SECONDS
        return self.sent_at + timedelta(seconds=PANE_SECONDS - into_pane + LATENESS_SECONDS)


@dataclass(kw_only=True)
class Traffic:
    """Makes events that happen now; nobody in it does anything twice, but for the attackers."""

    sink: KinesisSink
    made: int = 0
    crossings: list[Crossing] = field(default_factory=list)

    def people(self, count: int) -> None:
        """Send so many events, each of somebody else."""
        now = datetime.now(UTC)
        for _ in range(count):
            self.made += 1
            kind = "cart" if self.made % 33 == 0 else "view"
            self._send(f"{500_000_000 + self.made}", event_type=kind, cents=1999, now=now)

    def purchase(self, user_id: str, *, number: int) -> None:
        """Send an attacker's next purchase; the one that crosses the threshold is noted."""
        now = datetime.now(UTC)
        self.made += 1
        if number == _PURCHASES:
            self.crossings.append(Crossing(user_id=user_id, sent_at=now))
        self._send(user_id, event_type="purchase", cents=100, now=now)

    def flush(self) -> None:
        """Send what was made."""
        self.sink.flush()

    def _send(self, user_id: str, *, event_type: str, cents: int, now: datetime) -> None:
        address = f"10.{self.made // 65536 % 256}.{self.made // 256 % 256}.{self.made % 256}"
        event = Event(
            event_id=f"b{self.made}",
            event_time=now,
            event_type=event_type,
            product_id=f"{1_000_000 + self.made % 50_000}",
            price=Decimal(cents) / 100,
            user_id=user_id,
            user_session=f"s{user_id}",
            ip_address=address,
            user_agent=f"Mozilla/5.0 (X11; Linux x86_64; rv:{100 + self.made % _BROWSERS}.0) Gecko/20100101 Firefox",
        )
        self.sink.write(Record(data=to_line(event), partition_key=user_id, event_time=now))


@dataclass(frozen=True, kw_only=True)
class AlertBenchmark:
    """One laptop, a burst that shows what it sustains, and then half of that with attackers in it."""

    attackers: int
    seconds: float
    folder: Path
    say: Callable[[str], None]

    def run(self) -> dict[str, Any]:
        """Measure; return the part `alert_seconds` of the report. Raises BenchmarkError."""
        try:
            with running_laptop(work_dir=self.folder / "laptop", progress=self.say) as laptop:
                return self._measure(laptop)
        except LaptopError as error:
            raise BenchmarkError(str(error)) from error

    def _measure(self, laptop: Laptop) -> dict[str, Any]:
        stream = laptop.outputs["EventsStreamName"]
        traffic = Traffic(sink=KinesisSink(client=laptop.client("kinesis"), stream=stream))
        self.say("a burst, to see what the laptop sustains")
        sustainable = self._sustainable(laptop, traffic)
        rate = STEADY_SHARE * sustainable
        self.say(f"{rate:,.0f} events a second for {self.seconds:.0f} s, {self.attackers} attackers among them")
        sent = self._steady(traffic, rate)
        ids = {_incident_id(row): row for row in self._rows(laptop, len(traffic.crossings))}
        return {
            **_delays(traffic.crossings, laptop, ids),
            "sustainable_events_per_second": sustainable,
            "events_per_second": sent / self.seconds,
            "asked_events_per_second": rate,
        }

    def _sustainable(self, laptop: Laptop, traffic: Traffic) -> float:
        """Return how many events a second the detector judges while they are sent as fast as they can be."""
        figures = readings(laptop)
        traffic.people(1)  # the detector is there once it has judged one
        self._wait_for_all(figures, traffic)
        until_when = time.monotonic() + BURST_PERIODS * PERIOD_SECONDS
        while time.monotonic() < until_when:
            traffic.people(_BURST_BLOCK)
        self._wait_for_all(figures, traffic)
        periods: Counter[datetime] = Counter()
        for tally in figures.stream.tallies.values():
            periods[tally.period_start] += tally.records
        whole = [count for _, count in sorted(periods.items())[2:-1]]  # the first event, and periods only begun
        if not whole:
            raise BenchmarkError("the burst was over before the detector had accounted for it")
        return median(whole) / PERIOD_SECONDS

    def _wait_for_all(self, figures: Any, traffic: Traffic) -> None:
        traffic.flush()

        def missing() -> str:
            figures.stream.read()
            judged = figures.stream.lines_by_outcome().total()
            return "" if judged >= traffic.made else f"the detector has judged {judged:,} of {traffic.made:,} events"

        until(missing, show=self.say, patience_seconds=300)

    def _steady(self, traffic: Traffic, rate: float) -> int:
        """Send at the rate, with attackers in turn, and a little longer, so that the last of them is judged."""
        made = [0] * self.attackers
        began, before = time.monotonic(), traffic.made
        sent = 0
        over = self.seconds + PANE_SECONDS + LATENESS_SECONDS + 5
        while (passed := time.monotonic() - began) < over:
            traffic.people(max(0, int(passed * rate) - (traffic.made - before)))
            for which, number in enumerate(made):
                due = (passed - which * self.seconds / self.attackers) / TICK_SECONDS
                if number < min(_PURCHASES + 2, due):
                    made[which] += 1
                    traffic.purchase(str(700_000_000 + which), number=made[which])
            traffic.flush()
            if passed < self.seconds:
                sent = traffic.made - before
            time.sleep(max(0.0, began + passed + TICK_SECONDS - time.monotonic()))
        return sent

    def _rows(self, laptop: Laptop, wanted: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []

        def missing() -> str:
            rows[:] = [row for row in stored_incidents(laptop) if row["rule"]["S"] == CARD_TESTING.name]
            alerted = [row for row in rows if "alerted_at" in row]
            return "" if len(alerted) >= wanted else f"{len(alerted)} of {wanted} incidents told"

        until(missing, show=self.say, patience_seconds=120)
        return rows


def _delays(crossings: Sequence[Crossing], laptop: Laptop, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the delays to the alert, to the row, and both apart from the wait for the verdict."""
    mails = {mail.incident_id: _written(mail.file) for mail in alert_mails(laptop) if not mail.risen}
    stored = {row["subject"]["S"]: parse_instant(row["stored_at"]["S"]) for row in rows.values()}
    told = {row["subject"]["S"]: mails[name] for name, row in rows.items() if name in mails}
    found = [crossing for crossing in crossings if crossing.user_id in told]
    if len(found) < 2:
        raise BenchmarkError(f"of {len(crossings)} attackers {len(found)} were told of")
    return {
        **_percentiles([told[one.user_id] - one.sent_at for one in found]),
        "row": _percentiles([stored[one.user_id] - one.sent_at for one in found]),
        "wait": _percentiles([one.due_at - one.sent_at for one in found]),
        "pipeline_to_row": _percentiles([stored[one.user_id] - one.due_at for one in found]),
        "pipeline_to_alert": _percentiles([told[one.user_id] - one.due_at for one in found]),
        "attackers": len(crossings),
        "told": len(found),
    }


def _percentiles(delays: Sequence[timedelta]) -> dict[str, float]:
    seconds = quantiles([delay.total_seconds() for delay in delays], n=100, method="inclusive")
    return {f"p{percent}": round(seconds[percent - 1], 3) for percent in (50, 95, 99)}


def _incident_id(row: dict[str, Any]) -> str:
    return str(row["incident_id"]["S"])


def _written(file: str) -> datetime:
    """Return when the mail was delivered: its name begins with that."""
    return datetime.strptime(file.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
