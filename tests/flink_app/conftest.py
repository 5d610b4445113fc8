"""The detector as a fixture."""

from pathlib import Path

import pytest
from detecting import Detector


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return Detector(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def java(short_lived_java: None) -> None:
    """Start Flink's Java machine for a short life: the first test of all starts it."""
