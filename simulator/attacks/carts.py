"""Attacks on carts and payments: stock taken away from customers, and stolen cards tried out."""

from simulator.party import Party, party
from simulator.scene import Scene, shared_out

HOARDED_PER_MINUTE = (2.6, 8.0)
LOOKS_PER_CART = (0.0, 0.5)
HOARDED_PRODUCTS = (2, 40)
CARDS = (13, 60)
CARTS_PER_CARD = (0.0, 0.4)
CARD_SESSIONS = (1, 3)
TESTED_PRODUCTS = (1, 4)
SMALL_CENTS = 450


def cart_hoarding(scene: Scene) -> Party:
    """Return one user who takes scarce products into the cart again and again, and pays for none."""
    calls = scene.loner()
    carts = round(scene.rng.uniform(*HOARDED_PER_MINUTE) * scene.minutes)
    deeds = ["cart"] * carts + ["view"] * int(carts * scene.rng.uniform(*LOOKS_PER_CART))
    scene.rng.shuffle(deeds)
    scarce = scene.rng.sample(scene.catalogue.products, scene.rng.randint(*HOARDED_PRODUCTS))
    for at, deed in zip(scene.scattered(len(deeds)), deeds, strict=True):
        calls[0].act(at, deed, scene.rng.choice(scarce))
    return party(calls)


def card_testing(scene: Scene) -> Party:
    """Return one user who pays for next to nothing with card after card."""
    calls = scene.loner(calls=scene.rng.randint(*CARD_SESSIONS))
    cards = scene.rng.randint(*CARDS)
    deeds = ["purchase"] * cards + ["cart"] * int(cards * scene.rng.uniform(*CARTS_PER_CARD))
    scene.rng.shuffle(deeds)
    targets = scene.rng.sample(scene.catalogue.up_to(SMALL_CENTS), scene.rng.randint(*TESTED_PRODUCTS))
    turns = shared_out(calls, len(deeds))
    for at, deed, call in zip(scene.scattered(len(deeds)), deeds, turns, strict=True):
        call.act(at, deed, scene.rng.choice(targets))
    return party(calls)
