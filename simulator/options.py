"""What `generate` can be told, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from simulator.record import Fault

# By the names of the rules that are to find them.
FAMILIES = (
    "request_flood",
    "session_flood",
    "address_flood",
    "site_surge",
    "catalogue_scraping",
    "slow_scraping",
    "metronome",
    "cart_hoarding",
    "card_testing",
    "account_takeover",
    "price_watching",
    "many_accounts",
    "changed_habits",
)
LOOK_ALIKES = (
    "flash_sale_crowd",
    "night_workers",
    "power_shopper",
    "office",
    "family",
    "assistive_technology",
    "allowed_crawler",
    "new_phone",
)
# The wire's calendar, `commerce.fields.INSTANT`: events outside it are rejected, every one.
CALENDAR = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DEFAULT_START = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
# Three that differ most, few enough for a demonstration of minutes.
DEFAULT_ATTACKS: Mapping[str, int] = MappingProxyType(
    {"request_flood": 2, "catalogue_scraping": 2, "site_surge": 2},
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """One made-up stretch of a shop's life. The same options give the same bytes.

    `events` is about how many events people make outside the sale, look-alikes aside; `late`, `duplicates` and
    `poison` are shares of the events, 0 to 1. With `held_out`, half of the attacks of some families are of a variant
    that is for evaluation only.
    """

    seed: int = 1
    start: datetime = DEFAULT_START
    hours: float = 6.0
    events: int = 40_000
    attacks: Mapping[str, int] = field(default_factory=lambda: DEFAULT_ATTACKS)
    held_out: bool = False
    look_alikes: Mapping[str, int] = field(default_factory=dict)
    sale: bool = True
    late: float = 0.002
    duplicates: float = 0.003
    poison: float = 0.001

    def __post_init__(self) -> None:
        """Refuse what makes no sense; raises Fault."""
        if not 1 / 60 <= self.hours <= 24 * 366:
            raise Fault(f"hours is {self.hours:g}, expected at least 0.0167, a minute, and at most 8784, a year")
        if self.events < 1:
            raise Fault(f"events is {self.events}, expected at least 1")
        if self.start.tzinfo is None:
            raise Fault("start has no time zone, expected UTC")
        if not CALENDAR[0] <= self.start <= CALENDAR[1] - timedelta(hours=self.hours):
            raise Fault(f"start is {self.start:%Y-%m-%dT%H:%M:%S}, expected all hours to be in the years 2000 to 2099")
        for name in ("late", "duplicates", "poison"):
            if not 0 <= getattr(self, name) <= 0.3:
                raise Fault(f"{name} is {getattr(self, name):g}, expected a share from 0 to 0.3")
        _refuse_unknown("family of attacks", self.attacks, FAMILIES)
        _refuse_unknown("look-alike", self.look_alikes, LOOK_ALIKES)

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
    return _read_counts(text, "family=count, as in request_flood=2")


def read_look_alikes(text: str) -> dict[str, int]:
    """Read `name=count,name=count`; look-alikes left out get none. Raises Fault."""
    return _read_counts(text, "name=count, as in office=1")


def _read_counts(text: str, form: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, equals, count = part.strip().partition("=")
        if not equals or not count.strip().isdecimal():
            raise Fault(f"{part!r} is not of the form {form}")
        counts[name.strip()] = int(count)
    return counts


def _refuse_unknown(kind: str, counts: Mapping[str, int], known: tuple[str, ...]) -> None:
    for name, count in counts.items():
        if name not in known:
            raise Fault(f"{name!r} is no {kind}: {', '.join(known)}")
        if count < 0:
            raise Fault(f"{name} is {count}, expected 0 or more")
