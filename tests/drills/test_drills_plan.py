"""Schedules: the same for the same seed, each fault in its turn, traffic whose lateness no fault changes."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from drills.catalogue import LASTING, RARE, Batch, Lasting
from drills.drill import Outcome, Recovery
from drills.oracle import Oracle
from drills.plan import plan, without_faults
from drills.producer import IDLE_SECONDS, _batches, _share_of
from drills.report import Tally
from drills.running import Ran
from drills.traffic import FAMILIES, FARTHEST, UNTIDY, WAKERS, WAKING, Untidy, half_of, traffic
from evaluation.quick_detector import ALLOWED_LATENESS_SECONDS
from flink_app.settings import DetectorSettings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_schedule_is_the_same_for_the_same_seed() -> None:
    """What went wrong once can be looked at again, alone."""
    assert plan(7, 31).names == plan(7, 31).names
    assert traffic(7, 31, family="card_testing", untidy=UNTIDY) == traffic(7, 31, family="card_testing", untidy=UNTIDY)
    assert plan(7, 31).names != plan(8, 31).names


def test_in_sixty_schedules_every_fault_has_its_turn_about_as_often() -> None:
    """Chance alone would leave some out."""
    counts = Counter(name for number in range(60) for name in plan(1, number).names)
    known = {each.name for each in LASTING} | set(UNTIDY) | {batch.value for batch in Batch}
    known |= {each.name if isinstance(each, Lasting) else each.value for each in RARE}
    assert counts.keys() == known
    for deck in ({each.name for each in LASTING}, set(UNTIDY)):
        assert max(counts[name] for name in deck) <= 2 * min(counts[name] for name in deck)


def test_no_batch_holds_more_event_time_than_what_is_refused_may_be_late_by() -> None:
    """A refused part is sent again behind the rest of its batch; with reordered traffic both add up."""
    made = traffic(1, 2, family=FAMILIES[0], untidy=(Untidy.REORDERED,))
    for batch in _batches(made.records):
        times = [record.event_time for record in batch if record.event_time]
        assert max(times) - min(times) <= 2 * FARTHEST
    assert timedelta(seconds=ALLOWED_LATENESS_SECONDS) > 2 * FARTHEST


def test_every_stretch_leads_to_an_incident_a_minute() -> None:
    """Recovery is measured by them."""
    made = traffic(1, 0, family=FAMILIES[0], untidy=())
    expected = Oracle(arrived_at=NOW).take(made.records)
    places = list(expected.incidents.values())
    assert len(places) >= 54
    assert places == sorted(places)


def test_the_traffic_without_faults_has_the_same_attack_and_is_as_untidy() -> None:
    """Throughput is compared with that of the same traffic."""
    like = plan(1, 3)
    again = without_faults(1, 10_003, like=like)
    assert (again.untidy, again.family, again.timed) == (like.untidy, like.family, ())


def test_half_of_the_keys_are_quiet_for_longer_than_a_shard_may_be_silent() -> None:
    """A shard is idle only if nothing at all comes to it, while others go on."""
    made = traffic(1, 4, family=FAMILIES[0], untidy=(Untidy.IDLE,))
    halves = Counter(half_of(made.records[place].partition_key) for place in made.quiet)
    before = Counter(half_of(record.partition_key) for record in made.records[: made.quiet.start])
    assert len(halves) == 1
    assert len(before) == 2
    assert len(made.quiet) > 100
    going_on = half_of(made.records[made.quiet.start].partition_key)
    woken = [record for record in made.records[made.quiet.stop :] if half_of(record.partition_key) != going_on]
    wakers, others = woken[:WAKERS], woken[WAKERS:]
    assert len({record.partition_key for record in wakers}) == WAKERS
    assert {json.loads(record.data)["event_type"] for record in wakers} == {"view"}
    wakes_at = max(record.event_time for record in wakers if record.event_time)
    assert min(record.event_time for record in others if record.event_time) > wakes_at + WAKING
    assert DetectorSettings(region="", events_stream="", incidents_stream="").idle_timeout_seconds < IDLE_SECONDS


def test_what_is_sent_while_a_shard_is_idle_takes_as_much_longer() -> None:
    """Neither before nor after is anything held back."""
    quiet = range(10, 30)
    assert [_share_of(quiet, sent) for sent in (0, 10, 20, 30, 40)] == [0, 0, 0.5, 1, 1]
    assert _share_of(range(0), 5) == 0


def outcome(number: int, *, seconds: float, recovery: float | None = None, told_again: int = 0) -> Outcome:
    recoveries = () if recovery is None else (Recovery(name="sns_down", seconds=recovery),)
    return Outcome(
        plan=plan(1, number),
        records=1_000,
        incidents=50,
        seconds=seconds,
        met={},
        recoveries=recoveries,
        wrong=(),
        ledger_differences=(),
        told_again=told_again,
        dead_letters=0,
    )


def test_the_report_compares_rates_and_orders_recoveries() -> None:
    """Events a second with faults over those without; a recovery that never came is no number."""
    tally = Tally(seed=1, first=0)
    for number, recovery in enumerate((3.0, 5.0, 4.0)):
        tally.take(Ran(outcome=outcome(number, seconds=20.0, recovery=recovery), clean=False))
    tally.take(Ran(outcome=outcome(10_000, seconds=15.0), clean=True))
    document = tally.document()
    assert document["schedules"] == 3
    assert document["throughput_ratio"] == 0.75
    assert document["recovery_seconds"] == {"p50": 4.0, "p95": 4.9}
    assert tally.right
    tally.take(Ran(outcome=outcome(3, seconds=20.0, recovery=float("inf")), clean=False))
    assert tally.document()["recovery_seconds"]["p95"] is None


def test_a_fault_that_met_nothing_did_not_take_place() -> None:
    """What was planned and met no request, or no process, must not count; traffic is always as untidy as planned."""
    tally = Tally(seed=1, first=0)
    tally.take(Ran(outcome=outcome(4, seconds=20.0), clean=False))
    planned = plan(1, 4)
    assert planned.batch is not None
    assert tally.faults() == dict.fromkeys(sorted({*planned.untidy}), 1)
    met = {planned.timed[0].name: 2, planned.batch.value: 1}
    tally.ran = [Ran(outcome=replace(outcome(4, seconds=20.0), met=met), clean=False)]
    assert tally.faults() == dict.fromkeys(sorted({*planned.untidy, *met}), 1)


def test_a_clock_ahead_makes_late_what_comes_late_in_every_shard() -> None:
    """Another shard knows nothing of it: whether its records are late must not hang on how many shards there are."""
    plain, ahead = (traffic(1, 5, family=FAMILIES[0], untidy=untidy) for untidy in ((), (Untidy.CLOCK_AHEAD,)))
    keys = {record.partition_key for record in ahead.records} - {record.partition_key for record in plain.records}
    (key,) = keys
    detector = Oracle(arrived_at=NOW)
    assert detector.take(ahead.records).incidents.keys() == Oracle(arrived_at=NOW).take(plain.records).incidents.keys()
    alone = [record for record in ahead.records if record.partition_key == key]
    assert not Oracle(arrived_at=NOW).take(alone).incidents
    assert Oracle(arrived_at=NOW).take(alone[1:] + list(plain.records[-1:])).incidents, "in time it would be an attack"
