"""A party: everybody who takes part in one attack, or in what only looks like one, and all that they do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from simulator.catalogue import Product
from simulator.visit import Act, Shopper, Visit


@dataclass
class Call:
    """One visit of a party's member, with what was done in it, in order."""

    visit: Visit
    acts: list[Act] = field(default_factory=list)

    @property
    def who(self) -> Shopper:
        """Whose visit it is."""
        return self.visit.who

    def act(self, at_ms: int, event_type: str, product: Product) -> None:
        """Do one thing."""
        self.acts.append(self.visit.act(at_ms, event_type, product))


@dataclass(frozen=True)
class Party:
    """Calls with at least one act each."""

    calls: tuple[Call, ...]

    @property
    def users(self) -> frozenset[str]:
        """The ids of all who took part."""
        return frozenset(call.who.user_id for call in self.calls)

    @property
    def sessions(self) -> frozenset[str]:
        """Their sessions; several users may share one."""
        return frozenset(call.visit.session for call in self.calls)

    @property
    def addresses(self) -> frozenset[str]:
        """Where they came from."""
        return frozenset(call.who.ip_address for call in self.calls)

    @property
    def start_ms(self) -> int:
        """The time of the first act; raises ValueError where there is none."""
        return min(call.acts[0].at_ms for call in self.calls)

    @property
    def end_ms(self) -> int:
        """The time of the last act; raises ValueError where there is none."""
        return max(call.acts[-1].at_ms for call in self.calls)

    @property
    def events(self) -> int:
        """How many acts there are."""
        return sum(len(call.acts) for call in self.calls)

    @property
    def acts(self) -> Iterator[Act]:
        """All acts, call by call."""
        return (act for call in self.calls for act in call.acts)


def party(calls: Iterable[Call]) -> Party:
    """Return the party of these calls, leaving out those in which nothing was done."""
    return Party(tuple(call for call in calls if call.acts))


def within(whole: Party, start_ms: int, end_ms: int) -> Party:
    """Return what of a party lies within [start, end)."""
    return party(
        replace(call, acts=[act for act in call.acts if start_ms <= act.at_ms < end_ms]) for call in whole.calls
    )
