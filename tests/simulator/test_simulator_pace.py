"""The pace: a rate is kept over any ten seconds, and recorded time passes as many times faster as asked."""

import threading
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from simulator.pace import Pace, Rate, Speed
from simulator.record import Record
from simulator.send import send
from simulator.sinks import StandardOutputSink

FIRST = datetime(2019, 10, 1, tzinfo=UTC)


class Clock:
    """Time that passes only when somebody waits or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(seconds: float | None) -> Record:
    event_time = None if seconds is None else FIRST + timedelta(seconds=seconds)
    return Record(data=b"", partition_key="", event_time=event_time)


@pytest.mark.parametrize("rate", [0.5, 7, 100, 1_000, 4_000])
@pytest.mark.parametrize("stall_seconds", [0.0, 0.1])
def test_a_rate_is_kept_within_two_per_cent_over_any_ten_seconds(rate: float, stall_seconds: float):
    """Also where a batch takes a tenth of a second now and then."""
    clock = Clock()
    pace = Rate(rate, clock=clock)
    sent: list[float] = []
    while clock.now < 130:
        delay = pace.delay_seconds(at(0))
        if delay > 0:
            clock.now += delay
            if len(sent) % 3 == 0:
                clock.now += min(stall_seconds, 10 / rate)
        sent.append(clock.now)
    for start in range(100, 119):
        count = bisect_left(sent, start + 10) - bisect_left(sent, start)
        assert abs(count - 10 * rate) <= max(1, 0.02 * 10 * rate)


def test_a_long_stall_is_not_made_up_for():
    """A burst after it would be above the rate that was asked for."""
    clock = Clock()
    pace = Rate(1_000, clock=clock)
    pace.delay_seconds(at(0))
    clock.now += 60
    burst = 0
    while pace.delay_seconds(at(0)) <= 0:
        burst += 1
    assert burst <= 200


def test_recorded_time_passes_so_many_times_faster():
    """An hour at sixty times takes a minute; late events and records that are no events never wait."""
    clock = Clock()
    pace = Speed(60, clock=clock)
    assert pace.delay_seconds(at(0)) == 0
    assert pace.delay_seconds(at(3_600)) == pytest.approx(60)
    clock.now += 60
    assert pace.delay_seconds(at(3_600)) == 0
    assert pace.delay_seconds(at(1_800)) == 0
    assert pace.delay_seconds(at(None)) == 0


def test_a_stall_is_made_up_for_without_overshooting():
    """A busy machine must not turn 1,000 a second into 900, nor into a burst."""
    clock = Clock()
    pace = Rate(1_000, clock=clock)
    sent: list[float] = []
    while clock.now < 160:
        delay = pace.delay_seconds(at(0))
        clock.now += max(delay, 0)
        if len(sent) == 10_000:
            clock.now += 0.4
        sent.append(clock.now)
    assert len(sent) == pytest.approx(60_000, abs=200)  # 400 were missing at first
    for start in range(112, 149):
        assert bisect_left(sent, start + 10) - bisect_left(sent, start) <= 10_200


@pytest.mark.parametrize("pace", [Speed(0.05), Rate(1e-300)])
def test_no_wait_is_longer_than_can_be_waited_for(pace: Pace):
    """A wrong clock puts an event centuries ahead; the run waits, and can still be stopped."""
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            self.set()
            return super().wait(timeout)

    sink = StandardOutputSink(BytesIO())
    account = send([at(0), at(60 * 365 * 86_400)], sink, pace, stop=Stop())
    assert (account.sent, account.interrupted, waited) == (1, True, [threading.TIMEOUT_MAX])
