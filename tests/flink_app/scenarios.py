"""Golden scenarios: for each rule about a user, session or address, one that breaks it, one just below, one look-alike.

Whoever plays a part is named after it, so that one run of the detector can play all scenarios at once.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from shoppers import event, later, people

from commerce.event import Event
from commerce.rules import RULES_BY_NAME
from commerce.rules.rule import SubjectType

HOUR = 3600.0
PARTS = ("breaks", "below", "alike")
Acts = Iterator[Event]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One rule's three parts. Each makes the events of a subject of the given name."""

    rule: str
    breaks: Callable[[str], Acts]
    below: Callable[[str], Acts]
    looks_alike: Callable[[str], Acts]

    def events(self) -> list[Event]:
        parts = (self.breaks, self.below, self.looks_alike)
        return list(chain.from_iterable(part(self.subject(name)) for name, part in zip(PARTS, parts, strict=True)))

    def subject(self, part: str) -> str:
        if RULES_BY_NAME[self.rule].subject_type is SubjectType.ADDRESS:
            return f"203.0.{list(RULES_BY_NAME).index(self.rule)}.{PARTS.index(part)}"
        return f"{self.rule}-{part}"


def evenly(count: int, within: float, *, start: float = 0) -> list[float]:
    return [start + i * within / count for i in range(count)]


def unevenly(count: int, within: float, *, start: float = 0) -> list[float]:
    """Return moments whose pauses differ as much as people's do: as if each came by chance."""
    dice = random.Random(f"{count}/{within}")
    return sorted(start + dice.uniform(0, within) for _ in range(count))


def views(user: str, moments: list[float], *, products: int = 10_000, **given: str) -> Acts:
    for i, at in enumerate(moments):
        yield event(user, at, product=str(i % products), **given)


def of_many(moments: list[float], *, users: int, kind: str = "view", every: int = 0, **given: object) -> Acts:
    """Yield events that go around so many users; each `every`th is a cart."""
    prefix = str(given.get("session") or given.get("address")).replace(".", "-")
    for i, at in enumerate(moments):
        bought = every and i % every == every - 1
        told = {name: value(i) if callable(value) else value for name, value in given.items()}
        yield event(f"{prefix}-u{i % users}", at, product=str(i % 97), kind="cart" if bought else kind, **told)


def _office(address: str, moments: list[float]) -> Acts:
    return of_many(moments, users=40, address=address, agent=lambda i: f"browser {i % 7}", every=60)


def _family(session: str) -> Acts:
    return of_many(unevenly(90, HOUR), users=3, session=session, address="192.0.2.9")


def _takeover(session: str, users: int) -> Acts:
    return of_many(unevenly(60, 1500), users=users, session=session, address=lambda i: f"198.51.100.{i % users}")


def _thief(user: str, purchases: int, agent: str = "tool") -> Acts:
    """Yield an owner who looks around at home, and hours later purchases from elsewhere."""
    yield from views(user, unevenly(12, 1000), address="192.0.2.8", agent="browser")
    for at in unevenly(purchases, 1100, start=3 * HOUR):
        yield event(user, at, kind="purchase", address="198.51.100.8", agent=agent)


def _forgotten(user: str) -> Acts:
    """Yield what an owner did more than a week ago, from where the thief will come."""
    return views(user, unevenly(12, 1000, start=-8 * 24 * HOUR), address="198.51.100.8", agent="tool")


def _order(user: str, at: float, *, lines: int, kind: str = "purchase") -> Acts:
    """Yield what a till books at once: an event for each of the things bought, or put into the cart."""
    return (event(user, at, kind=kind, product=str(i), price="1.00") for i in range(lines))


def _cart(user: str, at: float, kind: str = "cart") -> Event:
    return event(user, at, kind=kind, name=f"{user}-{kind}-{round(at * 1000)}")


SCENARIOS = (
    Scenario(
        rule="request_flood",
        breaks=lambda user: views(user, unevenly(120, 59), products=9),
        below=lambda user: views(user, unevenly(119, 59), products=9),
        looks_alike=lambda user: chain(views(user, unevenly(200, 130), products=9), _order(user, 60, lines=150)),
    ),
    Scenario(
        rule="session_flood",
        breaks=lambda name: of_many(unevenly(70, 29), users=2, session=name),
        below=lambda name: of_many(unevenly(69, 29), users=2, session=name),
        looks_alike=lambda name: of_many(unevenly(110, 29), users=1, session=name),
    ),
    Scenario(
        rule="address_flood",
        breaks=lambda name: of_many(unevenly(120, 29), users=5, address=name, agent="tool"),
        below=lambda name: of_many(unevenly(119, 29), users=5, address=name, agent="tool"),
        looks_alike=lambda name: _office(name, unevenly(150, 29)),
    ),
    Scenario(
        rule="catalogue_scraping",
        breaks=lambda user: views(user, unevenly(150, 590)),
        below=lambda user: views(user, unevenly(149, 590)),
        looks_alike=lambda user: chain(views(user, unevenly(170, 590)), [_cart(user, 1)]),
    ),
    Scenario(
        rule="slow_scraping",
        breaks=lambda user: views(user, unevenly(310, 3 * HOUR)),
        below=lambda user: views(user, unevenly(299, 3 * HOUR)),
        looks_alike=lambda user: chain(views(user, unevenly(310, 3 * HOUR)), [_cart(user, 10)]),
    ),
    Scenario(
        rule="metronome",
        breaks=lambda user: views(user, evenly(40, 1.5 * HOUR)),
        below=lambda user: views(user, evenly(20, 0.75 * HOUR)),
        looks_alike=lambda user: views(user, unevenly(40, 1.5 * HOUR)),
    ),
    Scenario(
        rule="cart_hoarding",
        breaks=lambda user: (_cart(user, at) for at in unevenly(41, 1400)),
        below=lambda user: chain(
            (_cart(user, at) for at in unevenly(38, 1400)), _order(user, 700.5, lines=60, kind="cart")
        ),
        looks_alike=lambda user: chain((_cart(user, at) for at in unevenly(41, 1400)), [_cart(user, 9, "purchase")]),
    ),
    Scenario(
        rule="card_testing",
        breaks=lambda user: (event(user, at, kind="purchase", price="1.00") for at in unevenly(10, 500)),
        below=lambda user: (event(user, at, kind="purchase", price="1.00") for at in unevenly(9, 500)),
        looks_alike=lambda user: chain(
            (event(user, at, kind="purchase", price="25.00") for at in unevenly(20, 500)),
            (event(user, at, kind="purchase", price="0.00") for at in unevenly(21, 500)),
            _order(user, 250, lines=40),
        ),
    ),
    Scenario(
        rule="account_takeover",
        breaks=lambda name: _takeover(name, 4),
        below=lambda name: _takeover(name, 3),
        looks_alike=_family,
    ),
    Scenario(
        rule="price_watching",
        breaks=lambda user: views(user, unevenly(90, 3 * HOUR), products=12),
        below=lambda user: views(user, unevenly(79, 3 * HOUR), products=12),
        looks_alike=lambda user: views(user, unevenly(90, 3 * HOUR), products=30),
    ),
    Scenario(
        rule="many_accounts",
        breaks=lambda name: of_many(unevenly(90, 3000), users=30, address=name, agent="tool"),
        below=lambda name: of_many(unevenly(90, 3000), users=29, address=name, agent="tool"),
        looks_alike=lambda name: _office(name, unevenly(120, 3000)),
    ),
    Scenario(
        rule="changed_habits",
        breaks=lambda user: chain(_forgotten(user), _thief(user, 6)),
        below=lambda user: _thief(user, 5),
        looks_alike=lambda user: _thief(user, 6, agent="browser"),
    ),
)


def unnamed() -> list[Event]:
    """Return people of whom addresses or programs are not told: what is unknown is neither the same nor new."""
    office = of_many(unevenly(120, 3000), users=40, address="203.0.113.90")
    crowded = of_many(unevenly(150, 29), users=5, address="203.0.113.91")
    told_from_now_on = chain(
        views("told-from-now-on", unevenly(12, 1000)),
        (
            event("told-from-now-on", at, kind="purchase", address="198.51.100.8", agent="browser")
            for at in unevenly(6, 1100, start=3 * HOUR)
        ),
    )
    return [*office, *crowded, *told_from_now_on]


def site_surge() -> list[Event]:
    """Return a crowd that only looks, after half an hour of what is usual: what breaks the rule about the site.

    Two of it fill their carts without end: they are not many enough to make it a crowd that buys.
    """
    usual = people(count=120, start=0, within=1800)
    crowd = people(count=500, start=1800, within=290, events_each=4, buying=0)
    hoards = (_cart(user, at) for user in ("fills-a-cart", "fills-another") for at in unevenly(39, 290, start=1800))
    return later([*usual, *crowd, *hoards], hours=5)
