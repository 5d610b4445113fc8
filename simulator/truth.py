"""What was really sent: the yardstick for everything the platform finds out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulator.daybook import Day, Daybook, Sold
from simulator.options import Options
from simulator.visit import instant_text


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One planted attack: who, and the time of its first and its last event, in milliseconds since 1970."""

    family: str
    subject: str
    start_ms: int
    end_ms: int
    events: int


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

    `poison` is by the reason for which such a record must be rejected. `people`, `sessions`, `people_by_day` and
    `top_products` are about the crowds without the attackers, each event counted once, by its own time. `complete` is
    False where not all has been taken: of visits under way the figures about people then hold more than was sent.
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
            "attacks": [
                {
                    "family": attack.family,
                    "subject": attack.subject,
                    "start": instant_text(attack.start_ms),
                    "end": instant_text(attack.end_ms),
                    "events": attack.events,
                }
                for attack in self.attacks
            ],
            "sale": self.sale and {"start": instant_text(self.sale[0]), "end": instant_text(self.sale[1])},
            "options": {**options, "attacks": dict(self.options.attacks)},
        }
