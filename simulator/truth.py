"""What was made up and, where the truth is complete, sent: the yardstick for everything the platform finds out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from commerce.rules.rule import SubjectType
from simulator.daybook import Day, Daybook, Sold
from simulator.options import Options
from simulator.visit import instant_text


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One planted attack: the family, by the name of the rule that is to find it, and whom that rule should name.

    `start_ms` and `end_ms` are the times of the first and the last event, in milliseconds since 1970; `users`,
    `sessions` and `addresses` all that took part. What is `held_out` is for evaluation only.
    """

    family: str
    variant: str
    held_out: bool
    subject_type: SubjectType
    subject: str
    start_ms: int
    end_ms: int
    events: int
    users: frozenset[str]
    sessions: frozenset[str]
    addresses: frozenset[str]

    def document(self) -> dict[str, Any]:
        """Return the attack as it is written to a file: of those that took part, only how many."""
        return {
            "family": self.family,
            "variant": self.variant,
            "held_out": self.held_out,
            "subject_type": self.subject_type.value,
            "subject": self.subject,
            **_extent(self),
        }


@dataclass(frozen=True, kw_only=True)
class LookAlike:
    """Somebody, or a crowd, that looks like an attack and is none; `visits` are pairs of a user and a session."""

    name: str
    start_ms: int
    end_ms: int
    events: int
    visits: int
    users: frozenset[str]
    sessions: frozenset[str]
    addresses: frozenset[str]

    def document(self) -> dict[str, Any]:
        """Return the look-alike as it is written to a file: of those that took part, only how many."""
        return {"name": self.name, **_extent(self), "visits": self.visits}


@dataclass
class Ledger:
    """Counts while the records go out."""

    events: int = 0
    duplicates: int = 0
    late: int = 0
    poison: Counter[str] = field(default_factory=Counter)
    daybook: Daybook = field(default_factory=Daybook)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The account of one run of `generate`: produced = events + duplicates + poison; `late` are among the events.

    `poison` is by the reason for which such a record must be rejected. `people`, `sessions` (pairs of a user and a
    session), `people_by_day` and `top_products` are about people: everybody but attackers and crawlers, each event
    counted once, by its own time. `complete` is False where not all has been taken, or where records were refused or
    left unsent: the figures then hold more than was sent.
    """

    options: Options
    complete: bool
    produced: int
    events: int
    duplicates: int
    late: int
    poison: dict[str, int]
    people: int
    sessions: int
    people_by_day: tuple[Day, ...]
    top_products: tuple[Sold, ...]
    attacks: tuple[Attack, ...]
    look_alikes: tuple[LookAlike, ...]
    sale: tuple[int, int] | None

    def document(self) -> dict[str, Any]:
        """Return the truth as it is written to a file: times as text."""
        options = {**vars(self.options), "start": instant_text(self.options.start_ms)}
        return {
            "complete": self.complete,
            "produced": self.produced,
            "events": self.events,
            "duplicates": self.duplicates,
            "late": self.late,
            "poison": self.poison,
            "people": self.people,
            "sessions": self.sessions,
            "people_by_day": [day.document() for day in self.people_by_day],
            "top_products": [sold.document() for sold in self.top_products],
            "attacks": [attack.document() for attack in self.attacks],
            "look_alikes": [look_alike.document() for look_alike in self.look_alikes],
            "sale": self.sale and {"start": instant_text(self.sale[0]), "end": instant_text(self.sale[1])},
            "options": {
                **options,
                "attacks": dict(self.options.attacks),
                "look_alikes": dict(self.options.look_alikes),
            },
        }


def _extent(planted: Attack | LookAlike) -> dict[str, Any]:
    return {
        "start": instant_text(planted.start_ms),
        "end": instant_text(planted.end_ms),
        "events": planted.events,
        "users": len(planted.users),
        "sessions": len(planted.sessions),
        "addresses": len(planted.addresses),
    }
