"""Compares the people-only numbers with what the people really did.

They must be equal, to the cent, where every attacker was caught: then all that is left in them is people.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from simulator.daybook import TOP_PRODUCTS

COUNTS = ("visitors", "visits", "events", "views", "carts", "removals", "purchases", "revenue")
SALES = ("purchases", "revenue")

Row = Mapping[str, Any]


def differences(answers: Mapping[str, Any], truth: Mapping[str, Any]) -> list[str]:
    """Return, in words, where the people-only reading is not the truth about the people."""
    days, products = (answers[name]["people_only"] for name in ("daily_visitors", "product_performance"))
    return [*_days(days, truth["people_by_day"]), *_products(products, truth)]


def _days(found: list[Row], true: list[Row]) -> Iterator[str]:
    by_day, true_by_day = ({row["day"]: row for row in rows} for rows in (found, true))
    for day in sorted(by_day.keys() | true_by_day.keys()):
        one, other = by_day.get(day, {}), true_by_day.get(day, {})
        yield from _differing(day, COUNTS, one, other)
        found_rate, true_rate = one.get("conversion"), other.get("conversion")
        if "conversion" in other and found_rate != true_rate:
            yield f"people only, {day}: a conversion of {found_rate}, but the people's is {true_rate}"


def _products(found: list[Row], truth: Mapping[str, Any]) -> Iterator[str]:
    """Compare the best sellers place by place, and the sales of all products with those of all days."""
    sold = [row for row in found if row["purchases"]]
    best = sorted(sold, key=lambda row: (-_number(row["revenue"]), row["product_id"]))[:TOP_PRODUCTS]
    for place, (one, other) in enumerate(zip_longest(best, truth["top_products"], fillvalue=_NOTHING), start=1):
        if one.get("product_id") != other.get("product_id"):
            named = [row.get("product_id", "none") for row in (one, other)]
            yield f"people only, product in place {place}: {named[0]}, but the people's is {named[1]}"
        else:
            yield from _differing(f"product {one['product_id']}", SALES, one, other)
    sums = [
        {name: sum(_number(row[name]) for row in rows) for name in SALES} for rows in (sold, truth["people_by_day"])
    ]
    yield from _differing("all products", SALES, *sums)


def _differing(what: str, names: tuple[str, ...], found: Row, true: Row) -> Iterator[str]:
    for name in names:
        one, other = (_number(row.get(name, 0)) for row in (found, true))
        if one != other:
            yield f"people only, {what}: {one:,} {name}, but the people made {other:,}"


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


_NOTHING: Row = {}
