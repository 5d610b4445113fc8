"""The shop's shelves: products with category, brand and an exact price, a few of them very popular."""

import json
import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

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
    ("sport.bicycle", ("stels", "merida", "author"), 310.0),
    ("", ("lucente", "", "sokolov"), 90.0),
)


@dataclass(frozen=True)
class Catalogue:
    """The products as the part of an event line that tells of them, best sellers first."""

    products: tuple[str, ...]
    cumulative_weights: tuple[float, ...]

    def popular(self, chance: float) -> str:
        """Return a product the way interest falls on them; `chance` is uniform in [0, 1)."""
        return self.products[bisect(self.cumulative_weights, chance * self.cumulative_weights[-1])]


def stock(rng: random.Random) -> Catalogue:
    """Return a catalogue."""
    numbers = rng.sample(range(1_000_000, 60_000_000), PRODUCTS)
    weights = accumulate(1 / rank**POPULARITY_EXPONENT for rank in range(1, PRODUCTS + 1))
    return Catalogue(tuple(_product(rng, number) for number in numbers), tuple(weights))


def _product(rng: random.Random, number: int) -> str:
    shelf = rng.randrange(len(SHELVES))
    code, brands, middle_price = SHELVES[shelf]
    # Exact cents from here on: a price is text, and never a float again.
    euros, cents = divmod(max(49, round(middle_price * 100 * rng.lognormvariate(0, 0.5))), 100)
    columns = {
        "product_id": str(number),
        "category_id": str(2_053_013_550_000_000_000 + shelf * 7_919),
        "category_code": code,
        "brand": rng.choice(brands),
        "price": f"{euros}.{cents:02d}",
    }
    return json.dumps({name: text for name, text in columns.items() if text}, separators=(",", ":"))[1:-1]
