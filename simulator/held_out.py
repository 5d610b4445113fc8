"""Variants of attacks that are for evaluation only.

Rules and thresholds are tuned on the ordinary variants. How well they do against an attacker whom nobody had in mind
can be measured only with attacks that nobody looked at: whoever tunes rules does not read on, and does not look at
traffic that was made with `--held-out`. Of an odd number of attacks the larger half is held out.
"""

from itertools import cycle

from simulator.attacks.kind import Kind
from simulator.party import Party, party
from simulator.scene import Scene, shared_out
from simulator.timetable import HOUR_MS, MINUTE_MS, When

RUN_MINUTES = (20, 40)
JOB_PERIOD_SECONDS = (8.0, 40.0)
JOB_SHAKE = (0.08, 0.2)
JOB_PRODUCTS = (20, 120)
CARDS_PER_MINUTE = (1.6, 4.0)
CARDS_PER_SESSION = (2, 6)
CHECKOUT_ADDRESSES = (1, 5)
CHECKOUT_PAUSE_MS = (1_500, 4_500)
CHEAP_CENTS = 490
# To look like a customer, something else now and then.
ORDINARY_PURCHASE = 0.1


def hourly_job(scene: Scene) -> Party:
    """Return a metronome that a scheduler starts every hour, each time in a new session, for a part of the hour."""
    period_ms = scene.rng.uniform(*JOB_PERIOD_SECONDS) * 1000
    shake = scene.rng.uniform(*JOB_SHAKE)
    run_ms = scene.rng.randint(*RUN_MINUTES) * MINUTE_MS
    starts = range(scene.span.start_ms, scene.span.end_ms - run_ms, HOUR_MS)
    calls = scene.loner(calls=len(starts))
    products = cycle(scene.rng.sample(scene.catalogue.products, scene.rng.randint(*JOB_PRODUCTS)))
    for start, call in zip(starts, calls, strict=True):
        at = float(start)
        while at < start + run_ms:
            call.act(int(at), "view", next(products))
            at += period_ms * (1 + scene.rng.uniform(-shake, shake))
    return party(calls)


def whole_checkouts(scene: Scene) -> Party:
    """Return a tester of cards who goes the customer's way for each: look, cart, pay, and a new session soon."""
    cards = round(scene.rng.uniform(*CARDS_PER_MINUTE) * scene.minutes)
    calls = scene.loner(
        calls=1 + cards // scene.rng.randint(*CARDS_PER_SESSION), addresses=scene.rng.randint(*CHECKOUT_ADDRESSES)
    )
    cheap = scene.catalogue.up_to(CHEAP_CENTS)
    for at, call in zip(scene.steady(cards), shared_out(calls, cards), strict=True):
        ordinary = scene.rng.random() < ORDINARY_PURCHASE
        product = scene.catalogue.popular(scene.rng.random()) if ordinary else scene.rng.choice(cheap)
        moment = at
        for deed in ("view", "cart", "purchase"):
            call.act(moment, deed, product)
            moment += scene.rng.randint(*CHECKOUT_PAUSE_MS)
    return party(calls)


HELD_OUT: dict[str, Kind] = {
    "metronome": Kind(hourly_job, When(minutes=(100, 240)), variant="hourly_job"),
    "card_testing": Kind(whole_checkouts, When(minutes=(9, 20)), variant="whole_checkouts"),
}
