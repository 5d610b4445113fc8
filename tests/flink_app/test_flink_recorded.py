"""Recorded traffic that nobody here wrote, with a real and harmless surge in it."""

from pathlib import Path

from shoppers import START

from commerce.incident import Incident


def test_the_recorded_surge_raises_no_alarm(told: list[Incident], recorded: Path):
    """Traffic jumps from 2 to 500 events a minute, and people keep buying: no attack."""
    assert [state for state in told if state.opened_at < START] == []
