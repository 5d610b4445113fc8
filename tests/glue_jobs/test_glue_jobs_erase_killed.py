"""An erasure can die at any step, and the next one completes it, with one receipt for both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from erasure_rig import Shop, erase, filled_shop, raw_objects
from lake_rig import Lake, embedded

from glue_jobs.upkeep import every_table
from glue_jobs.user_search import tables_with_users

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
GONE = "raw/events/2019/10/02/11/b.gz"


class Killed(Exception):
    """Stands for a machine that goes away."""


@dataclass(frozen=True)
class Erased:
    """What an erasure says it did, what it leaves, and the steps it took."""

    account: dict[str, int]
    state: dict[str, Any]
    steps: list[str]


@pytest.fixture(scope="module")
def shop(s3, tmp_path_factory) -> Shop:
    return filled_shop(tmp_path_factory.mktemp("erase"))


@pytest.fixture(scope="module")
def undisturbed(shop) -> Erased:
    """Return an erasure that nothing disturbed.

    One object has left the bucket: nobody can find out from raw again what the lake has forgotten.
    """
    lake, steps = shop.again(gone=GONE), list[str]()
    account = erase(lake, reached=steps.append)
    return Erased(account, state(lake), steps)


def test_an_erasure_killed_at_every_step_and_run_again_leaves_the_same(shop, undisturbed):
    """Machines go away; half of an erasure is none, and two receipts for one would be a lie."""
    steps, account = undisturbed.steps, undisturbed.account
    assert len(steps) == len(set(steps)) > 18
    lake = shop.again(gone=GONE)
    for step in steps:
        with pytest.raises(Killed):
            erase(lake, reached=killer(step))
        lake = opened(lake)
    assert erase(lake) == dict.fromkeys(account, 0), "the last step was the last"
    assert state(lake) == undisturbed.state
    assert {name: lake.rows("SELECT * FROM erasures")[0][name] for name in account} == account


@pytest.mark.parametrize("step", ["runs", "raw: raw/events/2019/10/01/10/a.gz", "events"])
def test_an_erasure_killed_once_is_completed_by_the_next(step, shop, undisturbed):
    """With all that is left to do after the step in one go, and what the first run did in the account."""
    lake = shop.again(gone=GONE)
    with pytest.raises(Killed):
        erase(lake, reached=killer(step))
    lake = opened(lake)
    assert erase(lake) == undisturbed.account
    assert state(lake) == undisturbed.state


def opened(lake: Lake) -> Lake:
    """Return the lake as another process finds it."""
    return embedded(lake.settings.raw_bucket, Path(lake.settings.warehouse))


def state(lake: Lake) -> dict[str, Any]:
    """Return every table but for what tells when and in which run, how many snapshots it has, and the raw objects."""
    own = {"erasures": "user_hash, events, rejects, other_rows, raw_objects, raw_records, event_days, erased_at"}
    queries = {table.name: f"SELECT {own.get(table.name, '*')} FROM {table.name}" for table in every_table()}
    rows = {name: sorted(lake.engine.ask(query).rows, key=repr) for name, query in queries.items()}
    past = {table.name: len(lake.engine._iceberg(table).snapshots()) for table in tables_with_users()}
    return {"rows": rows, "past": past, "raw": raw_objects(lake)}


def killer(step: str) -> Callable[[str], None]:
    def reached(now: str) -> None:
        if now == step:
            raise Killed(step)

    return reached
