"""People who look like bots, and a bot that is welcome. Whoever takes action against one of them is wrong.

Each comes near to some rule: many behind one address, many at once, fast, patient, even, or in one session.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.addresses import carrier_address, crawler_address, home_address, office_address
from simulator.catalogue import Product
from simulator.party import Call, Party, party
from simulator.people import BARGAIN_HUNTING, BROWSING, REST_MS, SHORTEST_PAUSE_MS, Habits, browse
from simulator.scene import Scene
from simulator.timetable import MINUTE_MS, When
from simulator.visit import BROWSERS, CRAWLER, Shopper, shopper, visit

FIRST_ID = 900_000_000
IDS_EACH = 1_000_000
FLASH_SALE_ARRIVALS_MS = 15 * MINUTE_MS
FLASH_SALE_TIMES_USUAL = 6
FLASH_SALE_LEAST_PER_MINUTE = 400
NIGHT_WORKERS = (8, 20)
NIGHT_VISITS = (1, 3)
NIGHT_SHIFT = Habits(leave=0.04, cart=0.04, purchase=0.4, remove=0.1, mean_pause_ms=30_000, returning=0.0)
POWER_ACTS_PER_MINUTE = (35, 65)
POWER_LOOKS_PER_CART = (6, 15)
POWER_CARTS = 15
POWER_PURCHASES = (1, 6)
POWER_PAYS_AFTER_MS = 1_500
OFFICE_PEOPLE = (30, 60)
OFFICE_VISITS = (1, 3)
FAMILY = (2, 3)
FAMILY_PRODUCTS = (3, 10)
FAMILY_LOOKS_EACH = (20, 60)
ASSISTED_PAUSE_MS = (15_000, 40_000)
# How even pauses are: the shape of a gamma distribution, whose variation is one over its root, a half to a third.
ASSISTED_EVENNESS = (4.0, 8.0)
ASSISTED_MOST_ACTS = 220
ASSISTED_CART = 0.03
# Each visit of a person begins within so much of its share of the time.
BEGINS_WITHIN = 0.3
ON_THE_WAY = Habits(leave=0.2, cart=0.2, purchase=0.0, remove=0.1, mean_pause_ms=25_000, returning=0.0)
NEW_PHONE_VISITS = (2, 4)
NEW_PHONE_PURCHASES = (1, 5)
CRAWLER_PER_MINUTE = (7, 15)
CRAWLER_ADDRESSES = 4


@dataclass(frozen=True)
class Kind:
    """One kind of look-alike. `when` is None for a crowd, whose time is in the timetable of crowds.

    Who is `daily` comes back at the same time of every day; who is not of the `people` is not counted among them.
    """

    make: Callable[[Scene], Party]
    when: When | None
    daily: bool = False
    people: bool = True


def flash_sale_crowd(scene: Scene) -> Party:
    """Return a crowd that a message calls in at once: most come in the first minutes, and many buy."""
    per_minute = max(FLASH_SALE_TIMES_USUAL * scene.usual_per_minute, FLASH_SALE_LEAST_PER_MINUTE)
    visits = round(per_minute * FLASH_SALE_ARRIVALS_MS / MINUTE_MS / BARGAIN_HUNTING.mean_acts)
    calls = []
    for which in range(visits):
        arrival = scene.span.start_ms + int(FLASH_SALE_ARRIVALS_MS * scene.rng.random() ** 2)
        calls.append(_browse(scene, shopper(scene.rng, _id(scene, which), carriers=scene.carriers), arrival))
    return party(calls)


def night_workers(scene: Scene) -> Party:
    """Return people who are awake when few are, and shop at length, more than once a night."""
    calls = []
    for which in range(scene.rng.randint(*NIGHT_WORKERS)):
        who = shopper(scene.rng, _id(scene, which), carriers=scene.carriers)
        calls += _visits(scene, who, scene.rng.randint(*NIGHT_VISITS), NIGHT_SHIFT)
    return party(calls)


def power_shopper(scene: Scene) -> Party:
    """Return somebody who knows what they want and acts every second or two, for minutes; and buys."""
    call = Call(visit(scene.rng, _at_home(scene)))
    per_cart, bought = scene.rng.randint(*POWER_LOOKS_PER_CART), scene.rng.randint(*POWER_PURCHASES)
    product, chosen = scene.catalogue.popular(scene.rng.random()), list[Product]()
    for number, at in enumerate(scene.scattered(round(scene.rng.randint(*POWER_ACTS_PER_MINUTE) * scene.minutes)), 1):
        if number % per_cart == 0 and len(chosen) < POWER_CARTS:
            chosen.append(product)
            call.act(at, "cart", product)
        else:
            product = scene.catalogue.popular(scene.rng.random())
            call.act(at, "view", product)
    for product in chosen[:bought]:
        call.act(call.acts[-1].at_ms + POWER_PAYS_AFTER_MS, "purchase", product)
    return party([call])


def office(scene: Scene) -> Party:
    """Return dozens of people behind one address, with what browsers they like, over the working day."""
    calls = []
    for which in range(scene.rng.randint(*OFFICE_PEOPLE)):
        who = Shopper(str(_id(scene, which)), office_address(scene.number), scene.rng.choice(BROWSERS))
        calls += _visits(scene, who, scene.rng.randint(*OFFICE_VISITS), BROWSING)
    return party(calls)


def family(scene: Scene) -> Party:
    """Return two or three with accounts of their own who pass one tablet around, compare, and choose in the end."""
    session, address, browser = None, home_address(_id(scene, 0)), scene.rng.choice(BROWSERS)
    calls: list[Call] = []
    for which in range(scene.rng.randint(*FAMILY)):
        calls.append(
            Call(visit(scene.rng, Shopper(str(_id(scene, which)), address, browser), session=session)),
        )
        session = calls[0].visit.session
    compared = scene.rng.sample(scene.catalogue.products, scene.rng.randint(*FAMILY_PRODUCTS))
    turns = [call for call in calls for _ in range(scene.rng.randint(*FAMILY_LOOKS_EACH))]
    scene.rng.shuffle(turns)
    *looks, last = scene.scattered(len(turns) + 1)
    for at, call in zip(looks, turns, strict=True):
        call.act(at, "view", scene.rng.choice(compared))
    calls[0].act(last, "cart", scene.rng.choice(compared))
    return party(calls)


def assistive_technology(scene: Scene) -> Party:
    """Return somebody whose screen reader reads out one product after the other: slow, and rather even."""
    call = Call(visit(scene.rng, _at_home(scene)))
    pause_ms, evenness = scene.rng.uniform(*ASSISTED_PAUSE_MS), scene.rng.uniform(*ASSISTED_EVENNESS)
    at = float(scene.span.start_ms)
    while at < scene.span.end_ms and len(call.acts) < ASSISTED_MOST_ACTS:
        product = scene.catalogue.popular(scene.rng.random())
        call.act(int(at), "view", product)
        at += scene.rng.gammavariate(evenness, pause_ms / evenness)
        if scene.rng.random() < ASSISTED_CART and at < scene.span.end_ms:
            call.act(int(at), "cart", product)
            at += scene.rng.gammavariate(evenness, pause_ms / evenness)
    return party([call])


def allowed_crawler(scene: Scene) -> Party:
    """Return one day's walk of a search engine through the whole catalogue, from a few of its addresses."""
    first = scene.number * CRAWLER_ADDRESSES
    visitors = [
        Shopper(str(_id(scene, 0)), crawler_address(first + which), CRAWLER) for which in range(CRAWLER_ADDRESSES)
    ]
    opening = visit(scene.rng, visitors[0])
    calls = [Call(opening), *(Call(visit(scene.rng, who, session=opening.session)) for who in visitors[1:])]
    step_ms = MINUTE_MS / scene.rng.randint(*CRAWLER_PER_MINUTE)
    for number, product in enumerate(scene.catalogue.products):
        at = scene.span.start_ms + int((number + 0.8 * scene.rng.random()) * step_ms)
        scene.rng.choice(calls).act(at, "view", product)
    return party(calls)


def new_phone(scene: Scene) -> Party:
    """Return somebody who looks around at home, and buys a few things on the way, with a phone that is new to us."""
    at_home, phone = scene.rng.sample(BROWSERS, 2)
    who = Shopper(str(_id(scene, 0)), home_address(_id(scene, 0)), at_home)
    calls = _visits(scene, who, scene.rng.randint(*NEW_PHONE_VISITS), NIGHT_SHIFT)
    on_the_way = Shopper(who.user_id, carrier_address(scene.rng.randrange(scene.carriers)), phone, same_as=who)
    call = _browse(scene, on_the_way, calls[-1].acts[-1].at_ms + REST_MS, ON_THE_WAY)
    for product in scene.rng.choices(scene.catalogue.products, k=scene.rng.randint(*NEW_PHONE_PURCHASES)):
        call.act(call.acts[-1].at_ms + SHORTEST_PAUSE_MS, "purchase", product)
    return party([*calls, call])


KINDS: dict[str, Kind] = {
    "flash_sale_crowd": Kind(flash_sale_crowd, when=None),
    "night_workers": Kind(night_workers, When(minutes=(120, 300), hours=(0, 5))),
    "power_shopper": Kind(power_shopper, When(minutes=(3, 6))),
    "office": Kind(office, When(minutes=(180, 540), hours=(8, 17))),
    "family": Kind(family, When(minutes=(60, 120))),
    "assistive_technology": Kind(assistive_technology, When(minutes=(45, 120))),
    "allowed_crawler": Kind(allowed_crawler, When(minutes=(120, 480)), daily=True, people=False),
    "new_phone": Kind(new_phone, When(minutes=(120, 300))),
}


def _id(scene: Scene, which: int) -> int:
    return FIRST_ID + scene.number * IDS_EACH + which


def _at_home(scene: Scene) -> Shopper:
    return shopper(scene.rng, _id(scene, 0), carriers=scene.carriers)


def _browse(scene: Scene, who: Shopper, at: int, habits: Habits = BARGAIN_HUNTING) -> Call:
    session = visit(scene.rng, who)
    return Call(session, browse(scene.rng, session, at, scene.catalogue, habits))


def _visits(scene: Scene, who: Shopper, count: int, habits: Habits) -> list[Call]:
    """Return so many visits of one person, one after the other, spread over the time."""
    share = (scene.span.end_ms - scene.span.start_ms) / count
    begins = [int((which + BEGINS_WITHIN * scene.rng.random()) * share) for which in range(count)]
    return [_browse(scene, who, scene.span.start_ms + at, habits) for at in begins]
