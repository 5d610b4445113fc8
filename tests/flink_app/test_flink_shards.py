"""Shards that are read side by side: none is late because another was read ahead, and none that is silent holds up."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from detecting import Detector, Record, records_of
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import add_jars_to_context_class_loader
from shoppers import clicks, in_order, people

from commerce.rules import REQUEST_FLOOD
from flink_app.over_files import JAR

SECOND = 1_000
LATENESS, PANE, IDLE = 10 * SECOND, 10 * SECOND, 10 * SECOND
NOON = 1_750_000_000 * SECOND


class Shards:
    """Rows of named shards, as the operator that gives event time sees them."""

    def __init__(self) -> None:
        add_jars_to_context_class_loader([JAR.as_uri()])
        self._jvm = get_gateway().jvm
        self._clock = self._jvm.org.apache.flink.util.clock.ManualClock()
        self.begin()

    def begin(self) -> None:
        """Start without any state."""
        self._time: Any = self._jvm.floorwalker.SlowestShard(LATENESS, PANE, IDLE, self._clock)

    def send(self, shard: str, at: int) -> bool:
        """Let a row come, `at` seconds after noon; return whether it is late."""
        return bool(self._time.see(shard, NOON + at * SECOND))

    def wait(self, seconds: float, *, watched: bool = True) -> None:
        """Let time pass; a job that is held up is not `watched`."""
        for step in [0.2] * round(seconds * 5) if watched else [seconds]:
            self._clock.advanceTime(self._jvm.java.time.Duration.ofMillis(round(step * 1000)))
            self._time.look()

    def restart(self) -> None:
        """Go on as after a restart from a checkpoint."""
        before = self._time
        self.begin()
        self._time.resume(before.progress(), before.watermark())

    def hold_up(self, seconds: float) -> None:
        """Let time pass in which those behind take no rows, though the operator looks at its clock."""
        for _ in range(round(seconds * 5)):
            self._clock.advanceTime(self._jvm.java.time.Duration.ofMillis(200))
            self._time.pause()

    @property
    def known(self) -> set[str]:
        """The shards that are remembered once those that have ended are forgotten."""
        self._time.forgetEnded()
        return set(self._time.progress())

    @property
    def judged(self) -> int | None:
        """Until when all is judged, in seconds after noon, None for nothing yet."""
        watermark = self._time.watermark()
        return (watermark + 1 - NOON) // SECOND if watermark > 0 else None


@pytest.fixture
def shards() -> Shards:
    return Shards()


def test_without_shards_time_is_the_newest_event_less_the_allowed_lateness_at_the_end_of_a_pane(shards):
    """The same as one shard alone: nothing is waited for that cannot come."""
    for at in (25, 21, 39, 12):
        shards.send("", at)
    assert shards.judged == 20


def test_the_slowest_shard_tells_the_time(shards):
    """After a pause one shard is read hours ahead of the other: nothing of the other may be late."""
    shards.send("a", 7200)
    shards.send("b", 0)
    shards.wait(5)
    assert shards.judged == -10
    shards.send("b", 60)
    assert shards.judged == 50


def test_no_shard_moves_the_time_before_the_others_had_a_chance_to_show_up(shards):
    """At a start one shard is always the first."""
    shards.send("a", 7200)
    assert shards.judged is None
    shards.send("b", 60)
    shards.wait(4)
    assert shards.judged == 50


def test_neither_does_one_that_comes_long_after_the_start(shards):
    """The detector may have waited for the first customer."""
    shards.wait(60)
    shards.send("a", 7200)
    assert shards.judged is None
    shards.send("b", 60)
    shards.wait(4)
    assert shards.judged == 50


def test_what_is_late_is_the_same_however_fast_the_shards_are_read(shards):
    """A row is late by the order of its own shard. What nobody waits for any more is never behind it."""
    dice = random.Random(5)
    written = {
        shard: [round(at + dice.choice([0, 0, 0, -5, -15, -3600])) for at in range(begin, begin + 400, 10)]
        for shard, begin in (("a", 0), ("b", 100), ("c", 7200))
    }
    late = []
    for _ in range(6):
        shards.begin()
        late.append(sorted(read_in_any_order(shards, written, dice)))
    assert late[0]
    assert all(each == late[0] for each in late)


def read_in_any_order(
    shards: Shards, written: Mapping[str, Sequence[int]], dice: random.Random
) -> Iterator[tuple[str, int]]:
    """Let all rows come, those of a shard in their order; give shard and place of those that are late."""
    places = dict.fromkeys(written, 0)
    for name in written:
        shards.send(name, written[name][0])
    while open_shards := [name for name, place in places.items() if place < len(written[name]) - 1]:
        name = dice.choice(open_shards)
        places[name] += 1
        at = written[name][places[name]]
        judged_before = shards.judged
        if shards.send(name, at):
            yield name, places[name]
        else:
            assert judged_before is None or at >= judged_before
        shards.wait(dice.choice([0, 0.2]))


def test_after_a_restart_late_stays_late_and_every_shard_is_waited_for(shards):
    """Else what is read again would be counted into windows that have been judged."""
    shards.send("a", 120)
    shards.send("b", 60)
    shards.wait(4)
    shards.restart()
    assert shards.judged == 50
    assert shards.send("a", 99)
    shards.send("a", 7200)
    assert shards.judged == 50
    shards.send("b", 80)
    assert shards.judged == 70


def test_after_a_restart_the_wait_begins_with_the_first_row(shards):
    """A source takes its time to find its place in each shard: that is no silence of the shards."""
    shards.send("a", 7200)
    shards.send("b", 60)
    shards.restart()
    shards.wait(IDLE // SECOND + 5)
    assert shards.judged == 50
    assert not shards.send("b", 70)
    shards.wait(IDLE // SECOND - 1)
    assert not shards.send("b", 80)


def test_after_a_restart_at_which_nothing_comes_time_goes_on(shards):
    """What was under way when the job stopped must not wait for the next shopper of a quiet night."""
    shards.send("a", 7200)
    shards.restart()
    shards.wait(60 + IDLE // SECOND + 1)
    assert shards.judged == 7190


def test_after_a_restart_a_shard_that_had_been_silent_is_waited_for_too(shards):
    """It may have been written to while nobody read: in a small shop most shards are silent at any moment."""
    shards.send("b", 60)
    for at in (120, 180):
        shards.wait(9)
        shards.send("a", at)
    assert shards.judged == 170
    shards.restart()
    shards.send("a", 7200)
    assert shards.judged == 170
    shards.send("b", 200)
    assert shards.judged == 190


def test_a_silent_shard_holds_nobody_up(shards):
    """Else one quiet shard would blind the detector."""
    shards.send("a", 60)
    shards.send("b", 60)
    shards.wait(8)
    shards.send("a", 120)
    assert shards.judged == 50
    shards.wait(3)
    assert shards.judged == 110


def test_when_all_are_silent_time_is_as_far_as_the_furthest(shards):
    """Whatever was sent is judged, as far as lateness allows."""
    shards.send("a", 60)
    shards.wait(5)
    shards.send("b", 120)
    shards.wait(20)
    assert shards.judged == 110


def test_after_a_silence_of_all_each_shard_has_a_chance_before_the_first_moves_the_time(shards):
    """The records that end it came at about the same time, and are read one after the other."""
    shards.send("a", 60)
    shards.send("b", 60)
    shards.wait(20)
    shards.send("a", 7200)
    assert shards.judged == 50
    assert not shards.send("b", 120)
    assert shards.judged == 110
    shards.wait(20)
    assert shards.judged == 7190


def test_after_a_silence_one_shard_alone_waits_for_nobody(shards):
    """It would delay every alarm of a small shop."""
    shards.send("a", 60)
    shards.wait(20)
    shards.send("a", 120)
    assert shards.judged == 110


def test_a_shard_whose_clocks_are_behind_is_waited_for_no_longer_than_it_takes_to_show_up(shards):
    """Else one client that has slept would stop the time for all."""
    shards.send("a", 120)
    shards.send("b", 120)
    shards.wait(20)
    for at in range(0, 40, 2):
        shards.send("b", at)
        shards.send("a", 180 + at)
        shards.wait(2)
    assert shards.judged == 200


def test_a_shard_that_wakes_behind_the_others_is_late_and_does_not_stop_them(shards):
    """Time does not run backwards, and what is written now is soon as new as the rest."""
    shards.send("a", 120)
    shards.wait(5)
    shards.send("b", 60)
    shards.send("a", 180)
    assert shards.judged == 170
    shards.send("b", 185)
    shards.send("a", 300)
    assert shards.judged == 170


def test_a_job_that_is_held_up_takes_no_shard_for_silent(shards):
    """What was not read in that time waits in the stream."""
    shards.send("a", 60)
    shards.send("b", 60)
    shards.wait(5)
    shards.wait(60, watched=False)
    shards.send("a", 120)
    assert shards.judged == 50


def test_a_reject_moves_no_time(shards):
    """Its time is what a sender made up, or 1970."""
    shards.send("a", -NOON // SECOND)
    shards.wait(5)
    assert shards.judged is None


def test_two_shards_that_are_read_one_after_the_other_lose_nothing_and_judge_nothing_late(detector: Detector):
    """An hour of one shard, and then the same hour of the other, as after a night's rest."""
    traffic = [
        Record(record.data, shard=shard)
        for shard in ("a", "b")
        for record in records_of(
            in_order(
                clicks(f"flood-{shard}", count=240, start=1800, within=100), people(count=10, start=0, within=3600)
            )
            + clicks(f"late-{shard}", count=240, start=600, within=100)
        )
    ]
    states = detector.states(traffic, rules=[REQUEST_FLOOD], parallelism=2)
    assert Counter(state.state for state in states)["open"] == 2
    assert {state.subject for state in states} == {"flood-a", "flood-b"}


def test_time_in_which_nobody_behind_takes_rows_is_no_silence(shards):
    """The rows wait: were their shards given up, all that they hold would be late."""
    shards.send("a", 3600)
    shards.send("b", 20)
    shards.wait(4)
    assert shards.judged == 10
    shards.hold_up(60)
    shards.wait(1)
    assert shards.judged == 10
    assert not shards.send("b", 30)
    shards.wait(11)
    assert shards.judged == 3590


def test_a_shard_that_ended_long_ago_is_forgotten_and_what_is_late_of_it_stays_late(shards):
    """Each restart waits for all shards that are known: one that was split last year never comes back."""
    week = 7 * 24 * 3600
    shards.send("ended", 0)
    shards.send("quiet", 20)
    shards.wait(12)
    shards.send("busy", week - 10)
    shards.wait(12)
    assert shards.known == {"ended", "quiet", "busy"}
    shards.send("busy", week + 15)
    shards.wait(4)
    assert shards.known == {"quiet", "busy"}
    assert shards.send("ended", 1)
    assert not shards.send("ended", week + 20)
