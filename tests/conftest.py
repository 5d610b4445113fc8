"""Fixtures that every room may use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded data; a test that needs it is skipped where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded data is not at {RECORDED}")
    return RECORDED
