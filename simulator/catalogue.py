"""The shop's shelves: products with category, brand and an exact price, a few of them very popular."""

import json
import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

PRODUCTS = 3_000
# How steeply interest falls from the best seller on (the exponent of Zipf's law).
POPULARITY_EXPONENT = 0.9
# code, brands, the middle of the prices. Empty codes and brands occur in real shops as well.
SHELVES: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("electronics.smartphone", ("samsung", "apple", "xiaomi", "huawei", "oppo"), 350.0),
    ("electronics.audio.headphone", ("apple", "sony", "jbl", "xiaomi"), 70.0),
    ("electronics.clocks", ("casio", "garmin", "orient"), 120.0),
    ("electronics.video.tv", ("samsung", "lg", "artel", "haier"), 380.0),
    ("computers.notebook", ("acer", "asus", "lenovo", "hp"), 640.0),
    ("computers.peripherals.mouse", ("logitech", "razer", ""), 25.0),
    ("appliances.kitchen.washer", ("lg", "indesit", "beko", "bosch"), 290.0),
    ("appliances.kitchen.kettle", ("tefal", "bosch", "redmond", ""), 35.0),
    ("appliances.environment.vacuum", ("dyson", "philips", "karcher"), 160.0),
    ("apparel.shoes", ("nike", "puma", "respect", ""), 65.0),
    ("apparel.shoes.keds", ("vans", "converse", ""), 50.0),
    ("furniture.living_room.sofa", ("brw", "ikea", ""), 420.0),
    ("furniture.bedroom.bed", ("ikea", "sonya", ""), 260.0),
    ("kids.toys", ("lego", "hasbro", ""), 28.0),
    ("stationery.pen", ("pilot", "bic", ""), 3.0),
    ("sport.bicycle", ("stels", "merida", "author"), 310.0),
    ("", ("lucente", "", "sokolov"), 90.0),
)


class Product(NamedTuple):
    """One product: its id, its exact price in cents, and the part of an event line that tells of it."""

    product_id: str
    price_cents: int
    columns: str


@dataclass(frozen=True)
class Catalogue:
    """The products, best sellers first."""

    products: tuple[Product, ...]
    cumulative_weights: tuple[float, ...]

    def popular(self, chance: float) -> Product:
        """Return a product the way interest falls on them; `chance` is uniform in [0, 1)."""
        return self.products[bisect(self.cumulative_weights, chance * self.cumulative_weights[-1])]

    def up_to(self, cents: int) -> list[Product]:
        """Return the products that cost no more."""
        return [product for product in self.products if product.price_cents <= cents]


def stock(rng: random.Random) -> Catalogue:
    """Return a catalogue."""
    numbers = rng.sample(range(1_000_000, 60_000_000), PRODUCTS)
    weights = accumulate(1 / rank**POPULARITY_EXPONENT for rank in range(1, PRODUCTS + 1))
    return Catalogue(tuple(_product(rng, number) for number in numbers), tuple(weights))


def money_text(cents: int) -> str:
    """Return an amount as exact text with two digits: 3550 is 35.50."""
    return f"{cents // 100}.{cents % 100:02d}"


def _product(rng: random.Random, number: int) -> Product:
    shelf = rng.randrange(len(SHELVES))
    code, brands, middle_price = SHELVES[shelf]
    # Exact cents from here on: a price is never a float again.
    price_cents = max(49, round(middle_price * 100 * rng.lognormvariate(0, 0.5)))
    columns = {
        "product_id": str(number),
        "category_id": str(2_053_013_550_000_000_000 + shelf * 7_919),
        "category_code": code,
        "brand": rng.choice(brands),
        "price": money_text(price_cents),
    }
    present = {name: text for name, text in columns.items() if text}
    return Product(str(number), price_cents, json.dumps(present, separators=(",", ":"))[1:-1])
