"""The report of a run: what report.json holds, and whether it is right."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean, quantiles
from typing import Any

from drills.bugs import Bugs
from drills.comparison import Kind
from drills.drill import Outcome
from drills.running import Ran


@dataclass
class Tally:
    """Takes one schedule after another; `broken_off` are those that were begun and have no outcome."""

    seed: int
    first: int
    bugs: Bugs = field(default_factory=Bugs)
    broken_off: int = 0
    ran: list[Ran] = field(default_factory=list)

    def take(self, ran: Ran) -> None:
        """Add a schedule."""
        self.ran.append(ran)

    @property
    def drilled(self) -> list[Outcome]:
        """The schedules with faults."""
        return [each.outcome for each in self.ran if not each.clean]

    @property
    def outcomes(self) -> list[Outcome]:
        """All schedules: nothing may be wrong in those without faults either."""
        return [each.outcome for each in self.ran]

    @property
    def right(self) -> bool:
        """Whether nothing at all is wrong, and every planted bug was caught."""
        return all(outcome.right for outcome in self.outcomes) and self.bugs.planted == self.bugs.caught

    @property
    def following(self) -> int:
        """The number of the schedule that comes next."""
        return self.first + len(self.drilled)

    def faults(self) -> dict[str, int]:
        """Return of each fault how often it took place: one that met no request did not."""
        counts = Counter[str]()
        for outcome in self.drilled:
            names = set(outcome.plan.names)
            counts.update(name for name in names if name in outcome.plan.untidy or outcome.met.get(name))
        return dict(sorted(counts.items()))

    def recovery_seconds(self) -> list[float]:
        """Return all recovery times, in order; one that never came is infinite."""
        found = (recovery.seconds for outcome in self.drilled for recovery in outcome.recoveries)
        return sorted(float("inf") if seconds is None else seconds for seconds in found)

    def throughput_ratio(self) -> float | None:
        """Return how long a schedule takes without faults over how long with them; None where that is not known.

        That is the ratio of the events a second, if it is the same events that are sent at the same pace. Over
        different ones, a rate says which had the larger attack.
        """
        with_faults = [outcome.seconds for outcome in self.drilled]
        without = [each.outcome.seconds for each in self.ran if each.clean]
        return fmean(without) / fmean(with_faults) if with_faults and without else None

    def count(self, kind: Kind) -> int:
        """Return how many things are wrong in that way."""
        return sum(wrong.kind is kind for outcome in self.outcomes for wrong in outcome.wrong)

    def document(self) -> dict[str, Any]:
        """Return the report as it is written to report.json."""
        seconds = self.recovery_seconds()
        ratio = self.throughput_ratio()
        return {
            "schedules": len(self.drilled),
            "seed": self.seed,
            "numbers": {"first": self.first, "last": self.following - 1},
            "began": _day(each.at for each in self.ran[:1]),
            "ended": _day(each.at for each in self.ran[-1:]),
            "faults": self.faults(),
            "lost": self.count(Kind.LOST),
            "doubled": self.count(Kind.DOUBLED),
            "different": self.count(Kind.DIFFERENT),
            "ledger_differences": sum(len(outcome.ledger_differences) for outcome in self.outcomes),
            "errors": sum(len(outcome.errors) for outcome in self.outcomes),
            "broken_off": self.broken_off,
            "records": sum(outcome.records for outcome in self.drilled),
            "incidents": sum(outcome.incidents for outcome in self.drilled),
            "alerts_told_again": sum(outcome.told_again for outcome in self.drilled),
            "dead_letters_sent_again": sum(outcome.dead_letters for outcome in self.drilled),
            "recovery_seconds": {"p50": _percentile(seconds, 50), "p95": _percentile(seconds, 95)},
            "recovery_seconds_by_fault": self.recovery_by_fault(),
            "throughput_ratio": None if ratio is None else round(ratio, 3),
            "planted_bugs": {"planted": self.bugs.planted, "caught": self.bugs.caught},
            "wrong": [line for outcome in self.outcomes for line in wrong_lines(outcome)],
        }

    def recovery_by_fault(self) -> dict[str, dict[str, float | None]]:
        """Return median and longest recovery of each fault, in seconds."""
        found: dict[str, list[float]] = {}
        for outcome in self.drilled:
            for recovery in outcome.recoveries:
                seconds = float("inf") if recovery.seconds is None else recovery.seconds
                found.setdefault(recovery.name, []).append(seconds)
        return {
            name: {"p50": _percentile(sorted(times), 50), "longest": _finite(max(times))}
            for name, times in sorted(found.items())
        }


def wrong_lines(outcome: Outcome) -> list[str]:
    """Return all that is wrong in a schedule, in words."""
    found = [*map(str, outcome.wrong), *(f"ledger: {text}" for text in outcome.ledger_differences), *outcome.errors]
    return [f"schedule {outcome.plan.number}: {text}" for text in found]


def _day(moments: Iterable[datetime]) -> str | None:
    return next((f"{moment:%Y-%m-%d}" for moment in moments), None)


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    if not ordered:
        return None
    if len(ordered) == 1:
        return _finite(ordered[0])
    if ordered[-1] == float("inf"):
        return _finite(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)])
    return _finite(quantiles(ordered, n=100, method="inclusive")[percent - 1])


def _finite(seconds: float) -> float | None:
    """Return the seconds as JSON has them: what never came has no number."""
    return None if seconds == float("inf") else round(seconds, 2)
