"""What several test files of the simulator read."""

import pytest
from made_up_traffic import Traffic

from simulator.options import Options


@pytest.fixture(scope="session")
def traffic() -> Traffic:
    """Return the run that `generate` makes when nothing is asked for."""
    return Traffic(Options())
