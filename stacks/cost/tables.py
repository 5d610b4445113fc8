"""The two tables that the cost model rests on, as data: what AWS asks for, and what is assumed of the use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PRICES = FOLDER / "prices.json"
ASSUMPTIONS = FOLDER / "assumptions.json"


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for one `per`, the AWS page that has it, and where it was read; `looked_up` False: from memory."""

    name: str
    service: str
    usd: float
    per: str
    page: str
    looked_up: bool
    found_in: str


@dataclass(frozen=True, kw_only=True)
class Published:
    """What others say a comparable platform costs, in US dollars a month."""

    what: str
    usd_per_month: float
    page: str
    looked_up: bool
    found_in: str


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """Prices of one region on one day, resource types that cost nothing with the reason, and a figure to compare."""

    region: str
    as_of: str
    note: str
    prices: Mapping[str, Price]
    costs_nothing: Mapping[str, str]
    published_elsewhere: Published


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One number about use, its unit, and where it comes from."""

    value: float
    unit: str
    because: str


def read_prices(path: Path = PRICES) -> PriceTable:
    """Read a table of prices."""
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return PriceTable(
        region=table["region"],
        as_of=table["as_of"],
        note=table["note"],
        prices={name: Price(name=name, **price) for name, price in table["prices"].items()},
        costs_nothing=table["costs_nothing"],
        published_elsewhere=Published(**table["published_elsewhere"]),
    )


def read_assumptions(path: Path = ASSUMPTIONS) -> dict[str, Assumption]:
    """Read the assumptions by name."""
    table: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return {name: Assumption(**entry) for name, entry in table.items()}


@cache
def price_table() -> PriceTable:
    """Return the table that comes with the platform."""
    return read_prices()


@cache
def assumptions() -> dict[str, Assumption]:
    """Return the assumptions that come with the platform."""
    return read_assumptions()
