"""Compares the people-only numbers with what the people really did.

They must be equal, to the cent, where every attacker was caught: then all that is left in them is people.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

COUNTS = ("visitors", "visits", "events", "views", "carts", "removals", "purchases", "revenue")


def differences(answers: Mapping[str, Any], truth: Mapping[str, Any]) -> list[str]:
    """Return, in words, where the people-only reading is not the truth about the people."""
    return [*_days(answers["daily_visitors"]["people_only"], truth["people_by_day"]), *_products(answers, truth)]


def _days(found: list[dict[str, Any]], true: list[dict[str, Any]]) -> Iterator[str]:
    by_day, true_by_day = ({row["day"]: row for row in rows} for rows in (found, true))
    for day in sorted(by_day.keys() | true_by_day.keys()):
        for name in COUNTS:
            one, other = (_number(rows.get(day, {}).get(name, 0)) for rows in (by_day, true_by_day))
            if one != other:
                yield f"people only, {day}: {one:,} {name}, but the people made {other:,}"


def _products(answers: Mapping[str, Any], truth: Mapping[str, Any]) -> Iterator[str]:
    sold = {row["product_id"]: row for row in answers["product_performance"]["people_only"]}
    for true in truth["top_products"]:
        for name in ("purchases", "revenue"):
            one, other = _number(sold.get(true["product_id"], {}).get(name, 0)), _number(true[name])
            if one != other:
                yield f"people only, product {true['product_id']}: {one:,} {name}, but the people made {other:,}"


def _number(value: Any) -> Decimal:
    return Decimal(str(value))
