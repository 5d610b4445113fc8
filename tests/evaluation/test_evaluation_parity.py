"""The quick detector and the real one find the same incidents in the same traffic."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from commerce.rules import RULES
from commerce.rules.rule import Rule
from evaluation.engines import FLINK_PYTHON, Engine, EngineFault, FlinkEngine, QuickEngine
from evaluation.episodes import Episode
from evaluation.observed import from_record
from simulator.generate import records
from simulator.options import FAMILIES, Options
from simulator.record import Record

NETWORKS = ("198.18.7.0/24",)


@pytest.fixture(scope="module", autouse=True)
def _flink(short_lived_java: None) -> None:
    if not FLINK_PYTHON.exists():
        pytest.skip(f"Flink's environment is not at {FLINK_PYTHON}")


@pytest.fixture(scope="module")
def traffic() -> list[Record]:
    """Return four hours of a small shop with one attack of each family in them."""
    return list(records(Options(seed=5, hours=4, events=4_000, attacks=dict.fromkeys(FAMILIES, 1))))


def found(engine: Engine, traffic: list[Record], rules: Sequence[Rule], networks: Sequence[str] = ()) -> list[Episode]:
    run = engine.begin(rules=rules, known_networks=networks, name="parity")
    for record in traffic:
        run.take(record, from_record(record))
    return sorted(run.finish(), key=lambda episode: (episode.opened_at, episode.incident_id))


def test_every_rule_gives_the_same_incidents(traffic: list[Record], tmp_path: Path) -> None:
    """Same ids, so the same openings; same ends and highest values, so the same windows all the way.

    Events of known networks are judged by neither.
    """
    quick = found(QuickEngine(), traffic, RULES, NETWORKS)
    assert quick == found(FlinkEngine(tmp_path), traffic, RULES, NETWORKS)
    assert {episode.rule for episode in quick} == {rule.name for rule in RULES}


def test_a_detector_that_fails_says_what_it_said_last(traffic: list[Record], tmp_path: Path) -> None:
    """A run without incidents must never be taken for a quiet day."""
    run = FlinkEngine(tmp_path).begin(rules=RULES, known_networks=(), name="broken")
    run.take(traffic[0], from_record(traffic[0]))
    (tmp_path / "broken" / "job.pickle").write_bytes(b"no pickle")
    with pytest.raises(EngineFault, match="UnpicklingError"):
        run.finish()
