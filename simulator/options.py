"""What `generate` can be told, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from simulator.record import Fault

FAMILIES = ("request_flood", "catalogue_scraping", "site_surge")
DEFAULT_START = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
DEFAULT_ATTACKS: Mapping[str, int] = MappingProxyType(dict.fromkeys(FAMILIES, 2))


@dataclass(frozen=True, kw_only=True)
class Options:
    """One made-up stretch of a shop's life. The same options give the same bytes.

    `events` is about how many events people make outside the sale; `late`, `duplicates` and `poison` are shares of
    the events, 0 to 1.
    """

    seed: int = 1
    start: datetime = DEFAULT_START
    hours: float = 6.0
    events: int = 40_000
    attacks: Mapping[str, int] = field(default_factory=lambda: DEFAULT_ATTACKS)
    sale: bool = True
    late: float = 0.002
    duplicates: float = 0.003
    poison: float = 0.001

    def __post_init__(self) -> None:
        """Refuse what makes no sense; raises Fault."""
        if not 0 < self.hours <= 24 * 366:
            raise Fault(f"hours is {self.hours:g}, expected more than 0 and at most 8784, a year")
        if self.events < 1:
            raise Fault(f"events is {self.events}, expected at least 1")
        if self.start.tzinfo is None:
            raise Fault("start has no time zone, expected UTC")
        for name in ("late", "duplicates", "poison"):
            if not 0 <= getattr(self, name) <= 0.3:
                raise Fault(f"{name} is {getattr(self, name):g}, expected a share from 0 to 0.3")
        for family, count in self.attacks.items():
            if family not in FAMILIES:
                raise Fault(f"{family!r} is no family of attacks: {', '.join(FAMILIES)}")
            if count < 0:
                raise Fault(f"{family} is {count}, expected 0 or more")

    @property
    def start_ms(self) -> int:
        """The start, in milliseconds since 1970."""
        return round(self.start.timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        """The end, in milliseconds since 1970."""
        return self.start_ms + round(timedelta(hours=self.hours).total_seconds() * 1000)


def read_attacks(text: str) -> dict[str, int]:
    """Read `family=count,family=count`; families left out get none. Raises Fault."""
    attacks: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        family, equals, count = part.strip().partition("=")
        if not equals or not count.strip().isdecimal():
            raise Fault(f"{part!r} is not of the form family=count, as in request_flood=2")
        attacks[family.strip()] = int(count)
    return attacks
