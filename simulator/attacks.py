"""Attackers by family. Each family keeps to its own bounds, so that one attack breaks one rule and no other."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from simulator.catalogue import Catalogue
from simulator.options import Options
from simulator.timetable import MINUTE_MS, SURGE_MS, single
from simulator.truth import Attack
from simulator.visit import BROWSERS, OUTDATED_BROWSERS, SCRIPTS, Act, shopper, visit

FIRST_ATTACKER_ID = 700_000_000
FIRST_SURGE_ID = 800_000_000
IDS_PER_SURGE = 1_000_000
FLOOD_PER_MINUTE = (270, 600)
FLOOD_MINUTES = (4, 8)
FLOOD_PRODUCTS = (1, 20)
SCRAPE_PER_MINUTE = (30, 70)
SCRAPE_MINUTES = (12, 20)
SURGE_LEAST_EVENTS = 5_000
SURGE_TIMES_USUAL = 6
SURGE_VIEWS = (3, 5)


@dataclass(frozen=True)
class Planted:
    """An attack and its acts, in order."""

    attack: Attack
    acts: list[Act]


def request_flood(rng: random.Random, options: Options, catalogue: Catalogue, number: int) -> Planted:
    """Return one user hammering a handful of products for minutes."""
    who = shopper(rng, FIRST_ATTACKER_ID + number, agents=BROWSERS + SCRIPTS)
    session = visit(rng, who)
    minutes = rng.randint(*FLOOD_MINUTES)
    moments = _steady(rng, options, minutes, rng.randint(*FLOOD_PER_MINUTE))
    targets = rng.sample(catalogue.products, rng.randint(*FLOOD_PRODUCTS))
    acts = [session.act(at, "view", rng.choice(targets)) for at in moments]
    return _planted("request_flood", who.user_id, acts)


def catalogue_scraping(rng: random.Random, options: Options, catalogue: Catalogue, number: int) -> Planted:
    """Return one user who walks the catalogue, none of it twice, and never fills a cart."""
    who = shopper(rng, FIRST_ATTACKER_ID + number, agents=BROWSERS + SCRIPTS)
    session = visit(rng, who)
    minutes = rng.randint(*SCRAPE_MINUTES)
    moments = _steady(rng, options, minutes, rng.randint(*SCRAPE_PER_MINUTE))
    walk = rng.sample(catalogue.products, len(moments))
    acts = [session.act(at, "view", product) for at, product in zip(moments, walk, strict=True)]
    return _planted("catalogue_scraping", who.user_id, acts)


def site_surge(
    rng: random.Random, catalogue: Catalogue, *, start_ms: int, usual_per_minute: float, number: int, user_agent: str
) -> Planted:
    """Return thousands of users with one tool and a few views each within five minutes, none of whom buys."""
    wanted = max(SURGE_LEAST_EVENTS, round(SURGE_TIMES_USUAL * usual_per_minute * SURGE_MS / MINUTE_MS))
    acts: list[Act] = []
    user_id = FIRST_SURGE_ID + number * IDS_PER_SURGE
    while len(acts) < wanted:
        user_id += 1
        session = visit(rng, shopper(rng, user_id, agents=(user_agent,)))
        arrival = start_ms + rng.randint(0, SURGE_MS - MINUTE_MS)
        views = rng.randint(*SURGE_VIEWS)
        moments = sorted(arrival + rng.randint(0, MINUTE_MS) for _ in range(views))
        acts.extend(session.act(at, "view", catalogue.popular(rng.random())) for at in moments)
    acts.sort()
    return _planted("site_surge", "site", acts)


def surge_agents(rng: random.Random) -> Iterator[str]:
    """Yield what the tool of each surge calls itself: none again before all have been."""
    return cycle(rng.sample(OUTDATED_BROWSERS, len(OUTDATED_BROWSERS)))


def _steady(rng: random.Random, options: Options, minutes: int, per_minute: int) -> list[int]:
    """Return moments at an even rate, shaken by less than half a step: any minute holds the rate, give or take one."""
    start = single(rng, options, minutes * MINUTE_MS)
    step = MINUTE_MS / per_minute
    return [start + int((i + 0.1 + 0.8 * rng.random()) * step) for i in range(minutes * per_minute)]


def _planted(family: str, subject: str, acts: list[Act]) -> Planted:
    attack = Attack(family=family, subject=subject, start_ms=acts[0].at_ms, end_ms=acts[-1].at_ms, events=len(acts))
    return Planted(attack, acts)
