"""Attacks on accounts: a stolen session used as one customer after another, and an automaton with many accounts."""

from collections.abc import Iterable

from simulator.party import Call, Party, party
from simulator.scene import Scene
from simulator.visit import Shopper, visit

VICTIMS = (5, 12)
LEAST_ADDRESSES = 5
VICTIM_LOOKS = (3, 8)
VICTIM_PAYS = 0.3
VICTIM_PAUSE_MS = (1_000, 6_000)
ACCOUNTS = (40, 90)
ACCOUNT_LOOKS = (1, 4)
ACCOUNT_PAUSE_MS = (1_000, 4_000)
# Whoever is next begins within so much of their share of the time, and is done before the next.
BEGINS_WITHIN = 0.3


def account_takeover(scene: Scene) -> Party:
    """Return one session used as several customers, each from an address of a proxy, some of whom are made to pay."""
    victims = scene.gang(scene.rng.randint(*VICTIMS))
    addresses = scene.rng.randint(LEAST_ADDRESSES, len(victims))
    program, session = scene.program(), None
    calls: list[Call] = []
    for which, user_id in enumerate(victims):
        who = Shopper(user_id, scene.address(which % addresses), program)
        calls.append(Call(visit(scene.rng, who, session=session)))
        session = calls[0].visit.session
    for call, at in zip(calls, _one_by_one(scene, len(calls)), strict=True):
        deeds = ["view"] * scene.rng.randint(*VICTIM_LOOKS)
        pays = scene.rng.random() < VICTIM_PAYS
        _do(scene, call, at, [*deeds, "cart", "purchase"] if pays else deeds, VICTIM_PAUSE_MS)
    return party(calls)


def many_accounts(scene: Scene) -> Party:
    """Return one program at one address that signs in as one made-up user after another, slowly."""
    program, address = scene.program(), scene.address()
    gang = scene.gang(scene.rng.randint(*ACCOUNTS))
    calls = [Call(visit(scene.rng, Shopper(user_id, address, program))) for user_id in gang]
    for call, at in zip(calls, _one_by_one(scene, len(calls)), strict=True):
        _do(scene, call, at, ["view"] * scene.rng.randint(*ACCOUNT_LOOKS), ACCOUNT_PAUSE_MS)
    return party(calls)


def _one_by_one(scene: Scene, count: int) -> list[int]:
    step = (scene.span.end_ms - scene.span.start_ms) / count
    return [scene.span.start_ms + int((number + BEGINS_WITHIN * scene.rng.random()) * step) for number in range(count)]


def _do(scene: Scene, call: Call, at: int, deeds: Iterable[str], pause_ms: tuple[int, int]) -> None:
    product = scene.catalogue.popular(scene.rng.random())
    for deed in deeds:
        if deed == "view":
            product = scene.catalogue.popular(scene.rng.random())
        call.act(at, deed, product)
        at += scene.rng.randint(*pause_ms)
