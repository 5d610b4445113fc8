"""Attacks on accounts: a stolen session used as one customer after another, many made-up ones, and a stolen one."""

from collections.abc import Iterable

from simulator.addresses import home_address
from simulator.party import Call, Party, party
from simulator.people import REST_MS, Habits, browse
from simulator.scene import Scene
from simulator.timetable import MINUTE_MS
from simulator.visit import BROWSERS, SCRIPTS, Shopper, visit

VICTIMS = (5, 12)
LEAST_ADDRESSES = 5
VICTIM_LOOKS = (3, 8)
VICTIM_PAYS = 0.3
VICTIM_PAUSE_MS = (1_000, 6_000)
ACCOUNTS = (40, 90)
ACCOUNT_LOOKS = (1, 4)
ACCOUNT_PAUSE_MS = (1_000, 4_000)
# Whose account is stolen looks around at length and puts off buying.
UNDECIDED = Habits(leave=0.03, cart=0.05, purchase=0.0, remove=0.3, mean_pause_ms=25_000, returning=0.0)
OWNERS_LEAST_ACTS = 12
THEFT_MINUTES = (8, 24)
THEFT_PURCHASES = (8, 25)
THEFT_LOOKS = (0, 6)
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


def changed_habits(scene: Scene) -> Party:
    """Return a thief who signs in to one account from elsewhere, with another program, and buys as long as it lasts."""
    programs = (*BROWSERS, *SCRIPTS)
    program = programs[(_owners_browser(scene) + scene.rng.randrange(1, len(programs))) % len(programs)]
    call = Call(visit(scene.rng, Shopper(_account(scene), scene.address(), program)))
    deeds = ["purchase"] * scene.rng.randint(*THEFT_PURCHASES) + ["view"] * scene.rng.randint(*THEFT_LOOKS)
    scene.rng.shuffle(deeds)
    begins_ms = scene.span.end_ms - scene.rng.randint(*THEFT_MINUTES) * MINUTE_MS
    for at, deed in zip(sorted(scene.rng.randint(begins_ms, scene.span.end_ms) for _ in deeds), deeds, strict=True):
        call.act(at, deed, scene.catalogue.popular(scene.rng.random()))
    return party([call])


def owner_of_account(scene: Scene) -> Party:
    """Return the visits of the account's owner, hours before the thief's: much looked at, nothing bought."""
    account = _account(scene)
    owner = Shopper(account, home_address(int(account)), BROWSERS[_owners_browser(scene)])
    calls: list[Call] = []
    at = scene.span.start_ms
    while sum(len(call.acts) for call in calls) < OWNERS_LEAST_ACTS:
        session = visit(scene.rng, owner)
        calls.append(Call(session, browse(scene.rng, session, at, scene.catalogue, UNDECIDED)))
        at = calls[-1].acts[-1].at_ms + REST_MS
    return party(calls)


def _account(scene: Scene) -> str:
    return scene.gang(1)[0]


def _owners_browser(scene: Scene) -> int:
    return scene.number % len(BROWSERS)


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
