"""What people did, day by day: the figures that a lake must arrive at once the attackers are taken out.

Kept in whole cents and a visit at a time, so that memory grows with shoppers, products and days, not with events.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from commerce.fields import EVENT_TYPES
from simulator.catalogue import Product, money_text
from simulator.visit import Act, Shopper

DAY_MS = 86_400_000
TOP_PRODUCTS = 10
EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One UTC day: different users with an act on it, visits that began on it, its acts by type, and its sales.

    `orders` are those of these visits in which something was bought, be it after midnight.
    """

    day: date
    visitors: int
    visits: int
    orders: int
    events: int
    views: int
    carts: int
    removals: int
    purchases: int
    revenue_cents: int

    def document(self) -> dict[str, Any]:
        """Return the day as it is written to a file: revenue as exact text, conversion None where no visit began."""
        counts = {name: value for name, value in vars(self).items() if name != "revenue_cents"}
        conversion = self.orders / self.visits if self.visits else None
        revenue = money_text(self.revenue_cents)
        return {**counts, "day": self.day.isoformat(), "revenue": revenue, "conversion": conversion}


@dataclass(frozen=True, kw_only=True)
class Sold:
    """How often a product was bought, and for how much in all."""

    product_id: str
    purchases: int
    revenue_cents: int

    def document(self) -> dict[str, Any]:
        """Return the product as it is written to a file: revenue as exact text."""
        revenue = money_text(self.revenue_cents)
        return {"product_id": self.product_id, "purchases": self.purchases, "revenue": revenue}


class Daybook:
    """Gathers visits. `people` are the different shoppers, `sessions` the visits with at least one act."""

    def __init__(self) -> None:
        self.people = 0
        self.sessions = 0
        self._days: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._bought: Counter[Product] = Counter()

    def enter(self, who: Shopper, acts: list[Act]) -> None:
        """Enter the acts of one visit, in order, and after those of the shopper's earlier visits."""
        if not acts:
            return
        person = who.same_as or who
        self.sessions += 1
        self.people += person.last_day is None
        began_on = self._days[acts[0].at_ms // DAY_MS]
        began_on["visits"] += 1
        began_on["orders"] += any(act.event_type == "purchase" for act in acts)
        for act in acts:
            self._enter(person, act)

    def days(self) -> tuple[Day, ...]:
        """Return the days on which there was anybody, in order."""
        return tuple(_day(number, counts) for number, counts in sorted(self._days.items()))

    def top_products(self) -> tuple[Sold, ...]:
        """Return the products that brought in most, most first; of equals the lower id, read as text, first."""
        sold = (
            Sold(product_id=product.product_id, purchases=count, revenue_cents=count * product.price_cents)
            for product, count in self._bought.items()
        )
        return tuple(sorted(sold, key=lambda product: (-product.revenue_cents, product.product_id))[:TOP_PRODUCTS])

    def _enter(self, who: Shopper, act: Act) -> None:
        number = act.at_ms // DAY_MS
        counts = self._days[number]
        counts[act.event_type] += 1
        # A shopper's acts come in order: whoever was last seen on another day is new to this one.
        if who.last_day != number:
            who.last_day = number
            counts["visitors"] += 1
        if act.event_type == "purchase":
            counts["revenue_cents"] += act.product.price_cents
            self._bought[act.product] += 1


def _day(number: int, counts: Counter[str]) -> Day:
    return Day(
        day=EPOCH_DAY + timedelta(days=number),
        visitors=counts["visitors"],
        visits=counts["visits"],
        orders=counts["orders"],
        events=sum(counts[event_type] for event_type in EVENT_TYPES),
        views=counts["view"],
        carts=counts["cart"],
        removals=counts["remove_from_cart"],
        purchases=counts["purchase"],
        revenue_cents=counts["revenue_cents"],
    )
