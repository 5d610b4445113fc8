"""Floods: far more requests in minutes than people make, by one user, in one session, or from one address.

A gang is kept so small that the site as a whole is not flooded, and each of its members so quiet that it is no flood.
"""

import math

from simulator.party import Call, Party, party
from simulator.scene import Scene
from simulator.visit import Shopper, visit

PER_MINUTE = (150, 600)
PRODUCTS = (1, 20)
SESSION_PER_MINUTE = (150, 400)
ADDRESS_PER_MINUTE = (280, 400)
MOST_PER_MEMBER = 80
MOST_PER_ADDRESS = 200
MOST_MEMBERS = 5
MOST_ADDRESSES = 3


def request_flood(scene: Scene) -> Party:
    """Return one user hammering a handful of products for minutes."""
    return _hammer(scene, scene.loner(), scene.rng.randint(*PER_MINUTE))


def session_flood(scene: Scene) -> Party:
    """Return one session under several user ids in turn, from one address or a few."""
    per_minute = scene.rng.randint(*SESSION_PER_MINUTE)
    addresses = scene.rng.randint(math.ceil(per_minute / MOST_PER_ADDRESS), MOST_ADDRESSES)
    program, session = scene.program(), None
    calls: list[Call] = []
    for user_id in scene.gang(_members(scene, per_minute)):
        for which in range(addresses):
            calls.append(Call(visit(scene.rng, Shopper(user_id, scene.address(which), program), session=session)))
            session = calls[0].visit.session
    return _hammer(scene, calls, per_minute)


def address_flood(scene: Scene) -> Party:
    """Return one program at one address that signs in as a few users, each with a session."""
    per_minute = scene.rng.randint(*ADDRESS_PER_MINUTE)
    program, address = scene.program(), scene.address()
    gang = scene.gang(_members(scene, per_minute))
    return _hammer(scene, [Call(visit(scene.rng, Shopper(user_id, address, program))) for user_id in gang], per_minute)


def _members(scene: Scene, per_minute: int) -> int:
    return scene.rng.randint(max(2, math.ceil(per_minute / MOST_PER_MEMBER)), MOST_MEMBERS)


def _hammer(scene: Scene, calls: list[Call], per_minute: int) -> Party:
    targets = scene.rng.sample(scene.catalogue.products, scene.rng.randint(*PRODUCTS))
    moments = scene.steady(round(per_minute * scene.minutes))
    for at, call in zip(moments, scene.turns(calls), strict=False):
        call.act(at, "view", scene.rng.choice(targets))
    return party(calls)
