"""What goes wrong in one schedule, and when: dealt from shuffled decks, so that every fault has its turn."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from drills.catalogue import LASTING, RARE, Batch, Lasting, Strike
from drills.traffic import FAMILIES, UNTIDY

SENDING_SECONDS = 15.0
LASTING_EACH, UNTIDY_EACH = 2, 3
# Every so many schedules one has a rare fault, and one has trouble with the batch job.
RARE_EVERY, BATCH_EVERY = 4, 5
# After what a batch job is killed: each is a table written, and the next is not.
BATCH_STEPS = ("events: judged", "events: events", "events: rejects", "incidents: incidents", "incidents: tallies")
Card = TypeVar("Card")


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A fault of the proxy, or a strike, with its time in seconds from the first record on."""

    what: Lasting | Strike
    begin_seconds: float
    lasting_seconds: float = 0.0

    @property
    def name(self) -> str:
        """Its name in the report."""
        return self.what.value if isinstance(self.what, Strike) else self.what.name


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One schedule; `family` is that of its attack, `batch_step` what a batch job is killed after."""

    seed: int
    number: int
    family: str
    untidy: tuple[str, ...] = ()
    timed: tuple[Timed, ...] = ()
    batch: Batch | None = None
    batch_step: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that goes wrong."""
        return (*self.untidy, *(each.name for each in self.timed), *([self.batch.value] if self.batch else []))


def plan(seed: int, number: int) -> Plan:
    """Return the schedule of that number; the same for the same seed, whichever came before."""
    rng = random.Random(f"{seed}/{number}/plan")
    rare = dealt(seed, "rare", RARE, number // RARE_EVERY, 1) if number % RARE_EVERY == RARE_EVERY - 1 else ()
    lasting = dealt(seed, "lasting", LASTING, number * LASTING_EACH, LASTING_EACH)
    if Strike.UPGRADE in rare:  # it is asked for by an operator, who would not while the streams are in trouble
        lasting = tuple(each for each in lasting if not _troubles_streams(each))
    batches = dealt(seed, "batch", tuple(Batch), number // BATCH_EVERY, 1)
    return Plan(
        seed=seed,
        number=number,
        family=dealt(seed, "family", FAMILIES, number, 1)[0],
        untidy=dealt(seed, "untidy", UNTIDY, number * UNTIDY_EACH, UNTIDY_EACH),
        timed=tuple(_timed(each, rng) for each in (*lasting, *rare)),
        batch=batches[0] if number % BATCH_EVERY == BATCH_EVERY - 1 else None,
        batch_step=rng.choice(BATCH_STEPS),
    )


def without_faults(seed: int, number: int, *, like: Plan) -> Plan:
    """Return the same schedule with nothing going wrong: attack and untidiness are the same, the platform is well."""
    return Plan(seed=seed, number=number, family=like.family, untidy=like.untidy)


def dealt(seed: int, deck: str, cards: Sequence[Card], start: int, count: int) -> tuple[Card, ...]:
    """Return so many cards of an endless row of shuffled decks, from a place on."""
    return tuple(_card(seed, deck, cards, place) for place in range(start, start + count))


def _card(seed: int, deck: str, cards: Sequence[Card], place: int) -> Card:
    which, within = divmod(place, len(cards))
    shuffled = list(cards)
    random.Random(f"{seed}/{deck}/{which}").shuffle(shuffled)
    return shuffled[within]


def _troubles_streams(lasting: Lasting) -> bool:
    return not lasting.name.startswith(("responder", "dynamodb", "sns", "cloudwatch", "s3"))


def _timed(what: Lasting | Strike, rng: random.Random) -> Timed:
    if isinstance(what, Strike):
        return Timed(what=what, begin_seconds=rng.uniform(1, SENDING_SECONDS / 2))
    return Timed(
        what=what,
        begin_seconds=rng.uniform(0, SENDING_SECONDS / 2),
        lasting_seconds=rng.uniform(*what.seconds),
    )
