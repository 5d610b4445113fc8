"""A build that died in the middle leaves nothing behind, even where its reason is taken back before the next one."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lake_rig import LONG_AFTER, Lake, embedded, new_bucket, put
from verdicts_rig import EVENTS, SHARED, incident

from commerce.incident import Incident, to_line
from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import NO_NETWORKS
from glue_jobs.withdraw import withdraw

pytestmark = pytest.mark.usefixtures("few_marts")
NIGHTS = tuple(LONG_AFTER + timedelta(days=n) for n in range(3))


class Killed(Exception):
    """Stands for a machine that goes away."""


@pytest.fixture
def lake(s3: str, tmp_path: Path) -> Lake:
    """Return a lake of a few visits about midnight, built; people and all traffic are the same."""
    made = embedded(new_bucket(), tmp_path / "lake", known_networks=NO_NETWORKS)
    events = b"\n".join(json.dumps(event).encode() for event in EVENTS)
    put(made.settings.raw_bucket, "raw/events/2019/10/03/00/a.gz", events)
    made.curate()
    made.build(at=NIGHTS[0])
    return made


@pytest.mark.parametrize("step", ["sessions", "user_days", "daily_visitors", "product_performance"])
@pytest.mark.parametrize("subject", [("user", "s1"), ("address", SHARED)], ids=["user", "address"])
def test_a_verdict_withdrawn_after_a_build_died_leaves_the_numbers_that_were(
    lake: Lake, step: str, subject: tuple[str, str]
) -> None:
    """No change is left to be found then; what the dead build had written must be found without one."""
    before = lake.marts()
    verdict = incident(*subject)
    _judge(lake, verdict)
    _die(lake, step)
    assert lake.marts() != before
    withdraw(lake.engine, verdict.incident_id, because="a person", at=NIGHTS[1])
    lake.build(at=NIGHTS[2])
    assert lake.marts() == before
    assert lake.build() == {"days": 0, "restatements": 0}


def test_days_that_were_never_built_are_left_as_if_the_build_had_never_begun(lake: Lake, tmp_path: Path) -> None:
    """The very first build of a day may die too, and there is no row yet that could say so."""
    verdict = incident("address", SHARED)
    new = embedded(lake.settings.raw_bucket, tmp_path / "new", known_networks=NO_NETWORKS)
    _judge(new, verdict)
    _die(new, "sessions")
    withdraw(new.engine, verdict.incident_id, because="a person", at=NIGHTS[1])
    new.build(at=NIGHTS[2])
    assert new.marts() == lake.marts()


def test_a_network_named_by_mistake_leaves_the_numbers_that_were(lake: Lake) -> None:
    """A setting that is rolled back before it was ever written down."""
    before = lake.marts()
    welcoming = _told(lake, f"{SHARED}/32")
    _die(welcoming, "product_performance")
    assert welcoming.marts() != before
    again = _told(lake, *NO_NETWORKS)
    again.build(at=NIGHTS[2])
    assert again.marts() == before


def test_what_the_dead_build_had_told_and_the_way_back_are_both_told(lake: Lake) -> None:
    """Somebody may have read the numbers in between: from the first they lead to the last, each step with its cause."""
    verdict = incident("user", "s1")
    _judge(lake, verdict)
    _die(lake, "rfm")
    withdraw(lake.engine, verdict.incident_id, because="a person", at=NIGHTS[1])
    lake.build(at=NIGHTS[2])
    told = lake.rows("SELECT * FROM restatements ORDER BY restated_at")
    there = [_change(row) for row in told if row["cause"] == "verdict"]
    back = [_change(row) for row in told if row["cause"] == "undone"]
    assert len(there) + len(back) == len(told)
    assert {mart for mart, *_ in there} >= {"daily_visitors", "product_performance"}
    assert sorted((*names, now, was) for *names, was, now in there) == sorted(back)


def _change(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("mart", "reading", "period_start", "row_key", "number", "was", "now"))


def _judge(lake: Lake, verdict: Incident) -> None:
    put(lake.settings.raw_bucket, "raw/incidents/2019/11/06/00/a.gz", to_line(verdict))
    lake.curate()


def _told(lake: Lake, *networks: str) -> Lake:
    chosen = replace(lake.settings, known_networks=networks)
    return Lake(chosen, open_engine(chosen, raw=RawBucket(name=chosen.raw_bucket), environment=os.environ))


def _die(lake: Lake, step: str) -> None:
    """Build, and let the machine go away when that step is done."""
    with pytest.raises(Killed):
        lake.build(at=NIGHTS[1], reached=_killer(step))


def _killer(step: str) -> Callable[[str], None]:
    def reached(now: str) -> None:
        if now.startswith(step):
            raise Killed(step)

    return reached
