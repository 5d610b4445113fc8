"""What a shop would otherwise use: a limit of requests an address in five minutes, as AWS WAF's rate rule has it.

The rule counts over the five minutes that end with every ten seconds, and is judged like the detector's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commerce.rules.rule import Condition, Feature, Measure, Rule, Severity, SubjectType
from evaluation.census import People
from evaluation.episodes import Crossing, episodes
from evaluation.judging import Judged, judge
from evaluation.planted import Attack

USUAL_LIMIT = 100

ADDRESS_RATE = Rule(
    name="address_rate",
    version=1,
    title="Too many requests of one address",
    subject_type=SubjectType.ADDRESS,
    window_seconds=300,
    features=(Feature(name="requests", measure=Measure.EVENTS),),
    conditions=(Condition(feature="requests", at_least=USUAL_LIMIT, meaning="the limit that shops begin with"),),
    severity=Severity.HIGH,
    sentence="Address {subject} sent {requests} requests within {window}; {threshold} is the limit.",
    advice="Block the address while it goes on.",
    marks_automaton=True,
)


@dataclass(frozen=True, kw_only=True)
class BaselineDay:
    """Every moment at which an address was at or beyond the usual limit; `people` are the sessions behind those."""

    crossings: tuple[Crossing, ...]
    attacks: tuple[Attack, ...]
    people: People

    def judged(self, limit: float) -> Judged:
        """Return what the rule with this limit, the usual one or a higher one, finds and whom it wrongs."""
        beyond = [crossing for crossing in self.crossings if crossing.value >= limit]
        return judge(list(episodes(beyond)), attacks=self.attacks, people=self.people)


@dataclass(frozen=True, kw_only=True)
class AtLimit:
    """The rule with one limit, over all days."""

    limit: float
    days: tuple[Judged, ...]

    @property
    def wronged(self) -> int:
        """How many sessions of people it flags."""
        return sum(len(day.wronged) for day in self.days)


def at_limit(days: Sequence[BaselineDay], limit: float) -> AtLimit:
    """Return what the rule with this limit does on these days."""
    return AtLimit(limit=limit, days=tuple(day.judged(limit) for day in days))


def at_most_wronging(days: Sequence[BaselineDay], wronged: int) -> AtLimit:
    """Return the rule with the lowest limit at which it flags no more sessions of people than these."""
    for limit in _limits(days):
        found = at_limit(days, limit)
        if found.wronged <= wronged:
            return found
    raise AssertionError("beyond the highest count nobody is flagged")


def _limits(days: Sequence[BaselineDay]) -> Iterator[float]:
    """Give the limits that tell the addresses of people apart, lowest first."""
    yield USUAL_LIMIT
    highest = {episode.value for day in days for episode in day.judged(USUAL_LIMIT).false}
    everything = {crossing.value for day in days for crossing in day.crossings}
    yield from (value + 1 for value in sorted(highest))
    yield max(everything, default=USUAL_LIMIT) + 1
