"""Readers: programs of one user that look and never buy, after the whole catalogue, a list, or a few prices."""

import math
from itertools import cycle

from simulator.party import Party, party
from simulator.scene import Scene, shared_out

SCRAPE_PER_MINUTE = (20, 70)
SLOW_PER_MINUTE = (2.2, 8.0)
SLOW_SESSIONS = (1, 6)
SLOW_ADDRESSES = (1, 3)
PERIOD_SECONDS = (10.0, 120.0)
# What a network and a busy machine add to a pause or take from it, as a share.
SHAKE = (0.0, 0.15)
LIST_PRODUCTS = (15, 120)
WATCHED_PRODUCTS = (4, 12)
LEAST_LOOKS = 88
LEAST_ROUNDS = 20
MORE_ROUNDS = 18
BETWEEN_LOOKS_MS = (1_000, 4_000)
# A round begins within so much of its share of the time, and is over before the next.
ROUND_BEGINS_WITHIN = 0.6


def catalogue_scraping(scene: Scene) -> Party:
    """Return one user who walks the catalogue fast, none of it twice."""
    calls = scene.loner()
    moments = scene.steady(round(scene.rng.randint(*SCRAPE_PER_MINUTE) * scene.minutes))
    for at, product in zip(moments, scene.rng.sample(scene.catalogue.products, len(moments)), strict=True):
        calls[0].act(at, "view", product)
    return party(calls)


def slow_scraping(scene: Scene) -> Party:
    """Return one user who walks the catalogue for hours, at the pace and with the pauses of a person."""
    calls = scene.loner(calls=scene.rng.randint(*SLOW_SESSIONS), addresses=scene.rng.randint(*SLOW_ADDRESSES))
    moments = scene.scattered(math.ceil(scene.rng.uniform(*SLOW_PER_MINUTE) * scene.minutes))
    walk = scene.rng.sample(scene.catalogue.products, len(moments))
    for at, product, call in zip(moments, walk, shared_out(calls, len(moments)), strict=True):
        call.act(at, "view", product)
    return party(calls)


def metronome(scene: Scene) -> Party:
    """Return one user who goes through a list of products over and over, and sleeps the same time in between."""
    calls = scene.loner()
    period_ms, shake = scene.rng.uniform(*PERIOD_SECONDS) * 1000, scene.rng.uniform(*SHAKE)
    products = scene.rng.sample(scene.catalogue.products, scene.rng.randint(*LIST_PRODUCTS))
    at = float(scene.span.start_ms)
    for product in cycle(products):
        calls[0].act(int(at), "view", product)
        at += period_ms * (1 + scene.rng.uniform(-shake, shake))
        if at >= scene.span.end_ms:
            break
    return party(calls)


def price_watching(scene: Scene) -> Party:
    """Return one user who looks at the same few products in rounds, for hours."""
    calls = scene.loner()
    products = scene.rng.sample(scene.catalogue.products, scene.rng.randint(*WATCHED_PRODUCTS))
    least = max(LEAST_ROUNDS, math.ceil(LEAST_LOOKS / len(products)))
    rounds = scene.rng.randint(least, least + MORE_ROUNDS)
    step = (scene.span.end_ms - scene.span.start_ms) / rounds
    for number in range(rounds):
        at = scene.span.start_ms + int((number + ROUND_BEGINS_WITHIN * scene.rng.random()) * step)
        for product in products:
            calls[0].act(at, "view", product)
            at += scene.rng.randint(*BETWEEN_LOOKS_MS)
    return party(calls)
