"""Runs schedules, so many on a platform, and gives what came of each as it comes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from drills.drill import Drill, Outcome
from drills.plan import Plan, plan, without_faults
from drills.platform import running_platform

# A fresh platform after so many: what is compared grows with each.
SCHEDULES_A_PLATFORM = 25
# So many schedules of a platform are run without faults as well, to compare the throughput with.
CLEAN_EACH = 1
# Their stretches of time follow those of the schedules, and lie in the past as those do.
_CLEAN_FROM = 1_500


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One schedule that was run until `at`; `clean` ones had no faults and are there to compare with."""

    outcome: Outcome
    clean: bool
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def planned(seed: int, number: int, *, clean: bool) -> Plan:
    """Return the schedule of that number; a clean one has the untidiness of the schedule that it is compared with."""
    return without_faults(seed, number, like=plan(seed, number - _CLEAN_FROM)) if clean else plan(seed, number)


def run_schedules(
    numbers: range, *, seed: int, folder: Path, begin: Callable[[], None], say: Callable[[str], None]
) -> Iterator[Ran]:
    """Run the schedules of these numbers; `begin` is called before each, and each outcome is given.

    Raises LaptopError, SinkFault and Fault.
    """
    for place in range(0, len(numbers), SCHEDULES_A_PLATFORM):
        these = numbers[place : place + SCHEDULES_A_PLATFORM]
        with running_platform(work_dir=folder / "laptop", seed=seed, progress=say) as platform:
            drill = Drill(platform, say=say)
            for number in these:
                say(f"schedule {number}")
                drill.say = lambda what, number=number: say(f"schedule {number}: {what}")  # type: ignore[misc]
                begin()
                yield Ran(outcome=drill.run(planned(seed, number, clean=False)), clean=False)
            for number in these[:CLEAN_EACH]:
                say(f"schedule {number} without faults")
                again = planned(seed, _CLEAN_FROM + number, clean=True)
                yield Ran(outcome=drill.run(again), clean=True)
