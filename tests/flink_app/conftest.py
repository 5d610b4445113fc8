"""The detector as a fixture, and what it says with all rules on: that takes longest, so several tests look at it."""

from pathlib import Path

import pytest
from detecting import Detector, Record, records_of
from scenarios import SCENARIOS, site_surge, unnamed
from shoppers import in_order

from commerce.event import Event
from commerce.incident import Incident
from commerce.rules import RULES
from simulator import replay


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return Detector(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def java(short_lived_java: None) -> None:
    """Start Flink's Java machine for a short life: the first test of all starts it."""


@pytest.fixture(scope="session")
def scenes() -> list[Event]:
    """Return the scenarios of every rule, in the order of their times."""
    return in_order(*(scenario.events() for scenario in SCENARIOS), unnamed(), site_surge())


@pytest.fixture(scope="session")
def told(
    request: pytest.FixtureRequest, scenes: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> list[Incident]:
    """Return what all rules say to the recorded traffic, where it is at hand, and years later to all scenarios."""
    try:
        path: Path = request.getfixturevalue("recorded") / "mkechinov-2019-Oct-first-5k.csv"
        recorded = [Record(row.data) for row in replay.records(path)]
    except pytest.skip.Exception:  # only the test about it is skipped
        recorded = []
    return Detector(tmp_path_factory.mktemp("told")).states([*recorded, *records_of(scenes)], rules=RULES)
