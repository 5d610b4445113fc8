"""Recorded traffic that nobody here wrote, with a real and harmless surge in it."""

from pathlib import Path

from detecting import Detector, Record

from commerce.rules import RULES
from simulator import replay


def test_the_recorded_surge_raises_no_alarm(detector: Detector, recorded: Path):
    """Traffic jumps from 2 to 500 events a minute, and people keep buying: no attack."""
    rows = replay.records(recorded / "mkechinov-2019-Oct-first-5k.csv")
    assert detector.states([Record(row.data) for row in rows], rules=RULES) == []
