"""A surge: a botnet's crowd that comes over the whole site at once, and does not buy."""

from collections.abc import Iterator

from simulator.addresses import home_address
from simulator.party import Call, Party, party
from simulator.scene import Scene
from simulator.timetable import MINUTE_MS
from simulator.visit import Shopper, visit

FIRST_SURGE_ID = 800_000_000
IDS_PER_SURGE = 1_000_000
# The hundredth attack's would be the first ids of look-alikes: from there on a surge has ids of two more digits.
SURGES_BELOW_LOOK_ALIKES = 100
FIRST_LATER_SURGE_ID = 80_000_000_000
LEAST_EVENTS = 5_000
TIMES_USUAL = 6
VIEWS = (3, 5)


def site_surge(scene: Scene) -> Party:
    """Return thousands of users at homes all over, with one tool and a few views each, none of whom buys."""
    return party(_calls(scene, max(LEAST_EVENTS, round(TIMES_USUAL * scene.usual_per_minute * scene.minutes))))


def _calls(scene: Scene, wanted: int) -> Iterator[Call]:
    first = FIRST_SURGE_ID if scene.number < SURGES_BELOW_LOOK_ALIKES else FIRST_LATER_SURGE_ID
    user_id = first + scene.number * IDS_PER_SURGE
    made = 0
    while made < wanted:
        user_id += 1
        call = Call(visit(scene.rng, Shopper(str(user_id), home_address(user_id), scene.outdated_browser)))
        arrival = scene.rng.randint(scene.span.start_ms, scene.span.end_ms - MINUTE_MS)
        for at in sorted(arrival + scene.rng.randint(0, MINUTE_MS) for _ in range(scene.rng.randint(*VIEWS))):
            call.act(at, "view", scene.catalogue.popular(scene.rng.random()))
        made += len(call.acts)
        yield call
