"""What a party is made of: its dice, its time, the shop it comes to, and who it can send."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulator.addresses import rented_address
from simulator.catalogue import Catalogue
from simulator.party import Call
from simulator.timetable import MINUTE_MS, Span
from simulator.visit import BROWSERS, SCRIPTS, Shopper, visit

FIRST_ATTACKER_ID = 700_000_000
FIRST_GANG_ID = 710_000_000
IDS_PER_GANG = 1_000
ADDRESSES_PER_ATTACK = 16
Member = TypeVar("Member")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One party's: `number` is its own among all attacks, or among all look-alikes.

    `usual_per_minute` is how many events people make a minute at its time, `carriers` behind how many addresses of
    carriers some of them are, and `outdated_browser` what the tool of a botnet calls itself.
    """

    rng: random.Random
    catalogue: Catalogue
    span: Span
    number: int
    usual_per_minute: float
    carriers: int
    outdated_browser: str

    @property
    def minutes(self) -> float:
        """How long the span is."""
        return (self.span.end_ms - self.span.start_ms) / MINUTE_MS

    def program(self) -> str:
        """Return the user agent of an attacker: some say that they are scripts, some claim to be browsers."""
        return self.rng.choice(BROWSERS + SCRIPTS)

    def address(self, which: int = 0) -> str:
        """Return one of this attack's addresses, which no other has."""
        return rented_address(self.number * ADDRESSES_PER_ATTACK + which)

    def loner(self, *, calls: int = 1, addresses: int = 1) -> list[Call]:
        """Return the calls of one attacker with one program, from so many addresses in turn."""
        user_id, program = str(FIRST_ATTACKER_ID + self.number), self.program()
        return [
            Call(visit(self.rng, Shopper(user_id, self.address(which % addresses), program))) for which in range(calls)
        ]

    def gang(self, size: int) -> list[str]:
        """Return the user ids of several who are one attacker."""
        first = FIRST_GANG_ID + self.number * IDS_PER_GANG
        return [str(first + which) for which in range(size)]

    def steady(self, count: int) -> list[int]:
        """Return moments at an even rate, shaken by less than half a step: any minute holds the rate, or nearly."""
        step = (self.span.end_ms - self.span.start_ms) / count
        return [self.span.start_ms + int((i + 0.1 + 0.8 * self.rng.random()) * step) for i in range(count)]

    def scattered(self, count: int) -> list[int]:
        """Return moments without any rhythm, as pauses of people are."""
        return sorted(self.rng.randint(self.span.start_ms, self.span.end_ms) for _ in range(count))

    def turns(self, members: Sequence[Member]) -> Iterator[Member]:
        """Yield the members in rounds, each in an order of its own: all get the same share, none gets a rhythm."""
        while True:
            yield from self.rng.sample(members, len(members))


def shared_out(calls: Sequence[Call], count: int) -> Iterator[Call]:
    """Yield whose turn it is, `count` times in all: first the first for a while, then the next."""
    return (calls[position * len(calls) // count] for position in range(count))
