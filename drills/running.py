"""Runs schedules, so many on a platform, and gives what came of each as it comes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drills.drill import Drill, Outcome
from drills.plan import clean, plan
from drills.platform import running_platform

# A fresh platform after so many: what is compared grows with each.
SCHEDULES_A_PLATFORM = 25
# So many schedules of a platform are run without faults as well, to compare the throughput with.
CLEAN_EACH = 1
# Their stretches of time follow those of the schedules, and lie in the past as those do.
_CLEAN_FROM = 1_500


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One schedule that has been run; `clean` ones had no faults and are there to compare with."""

    outcome: Outcome
    clean: bool


def run_schedules(*, first: int, schedules: int, seed: int, folder: Path, say: Callable[[str], None]) -> Iterator[Ran]:
    """Run the schedules from the first on; give each outcome. Raises LaptopError, SinkFault and Fault."""
    for begin in range(first, first + schedules, SCHEDULES_A_PLATFORM):
        numbers = range(begin, min(begin + SCHEDULES_A_PLATFORM, first + schedules))
        with running_platform(work_dir=folder / "laptop", seed=seed, progress=say) as platform:
            drill = Drill(platform, say=say)
            for number in numbers:
                say(f"schedule {number}")
                drill.say = lambda what, number=number: say(f"schedule {number}: {what}")  # type: ignore[misc]
                yield Ran(outcome=drill.run(plan(seed, number)), clean=False)
            for number in numbers[:CLEAN_EACH]:
                say(f"schedule {number} without faults")
                again = clean(seed, _CLEAN_FROM + number, like=plan(seed, number))
                yield Ran(outcome=drill.run(again), clean=True)
