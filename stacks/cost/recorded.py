"""The figures that the default stage was last known to cost, so that a change that makes it dearer is noticed."""

import json
from collections.abc import Mapping
from pathlib import Path

from stacks.cost.bill import Bill
from stacks.cost.tables import FOLDER
from stacks.stages import DEV

RECORDED = FOLDER / "recorded.json"
# What `make deploy` deploys where nobody names another stage.
DEFAULT_STAGE = DEV
TOLERANCE = 0.05


def figures(bills: Mapping[float, Bill]) -> dict[str, float]:
    """Return the month's cost in US dollars by mean events a second, as it is recorded."""
    return {f"{rate:g}": round(bill.total, 2) for rate, bill in bills.items()}


def read(path: Path = RECORDED) -> dict[str, float]:
    """Return the recorded figures."""
    recorded: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["usd_per_month_by_events_per_second"]
    return recorded


def write(bills: Mapping[float, Bill], path: Path = RECORDED) -> None:
    """Record what the default stage costs now."""
    content = {"stage": DEFAULT_STAGE.name, "usd_per_month_by_events_per_second": figures(bills)}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def complaints(recorded: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """Say where the cost is further from the recorded figure than it may be.

    In both directions: a saving that is not recorded would hide a later rise of the same size.
    """
    return [
        f"at {rate} events/s: {now[rate]:,.2f} US dollars a month, recorded {recorded.get(rate, 0):,.2f}"
        for rate in now
        if abs(now[rate] - recorded.get(rate, 0)) > TOLERANCE * recorded.get(rate, 0)
    ]
