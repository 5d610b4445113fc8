"""The detector as a fixture."""

from pathlib import Path

import pytest
from detecting import Detector


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return Detector(tmp_path)
