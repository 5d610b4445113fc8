"""Events for the quick detector, and a made-up truth to hold its incidents against: all by hand, in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commerce.rules.rule import Rule
from evaluation.episodes import Episode
from evaluation.observed import Observed, instant_of, ms_of
from evaluation.quick_detector import detect

# A full hour, so that panes of any length begin with it.
START_MS = 1_748_779_200_000


def event(user: str, at: float, *, kind: str = "view", product: str = "1", name: str = "", **more: object) -> Observed:
    at_ms = START_MS + round(at * 1000)
    fields = {"price": 9.99, **more}
    return Observed(at_ms, name or f"{user}-{kind}-{product}-{at_ms}", kind, product, user, **fields)  # type: ignore[arg-type]


def every(step: float, *, count: int, user: str, start: float = 0, products: int = 1, **more: object) -> list[Observed]:
    """Return `count` events of a user, `step` seconds apart, going around `products` products."""
    return [event(user, start + i * step, product=str(i % products), **more) for i in range(count)]  # type: ignore[arg-type]


def found(*groups: Iterable[Observed], rules: Sequence[Rule], networks: Sequence[str] = ()) -> list[Episode]:
    """Return the incidents in the events of all groups, in order of time."""
    events = sorted(each for group in groups for each in group)
    return list(detect(events, rules=rules, known_networks=networks))


def subjects(episodes: Iterable[Episode]) -> set[tuple[str, str]]:
    return {(episode.rule, episode.subject) for episode in episodes}


def incident(subject: str, *, opened: float, last: float | None = None, **more: object) -> Episode:
    """Return an incident about a subject, a user's flood where nothing else is said."""
    fields = {
        "incident_id": f"{subject}-{opened}",
        "rule": "request_flood",
        "rule_version": 1,
        "subject_type": "user",
        "subject": subject,
        "window_seconds": 60,
        "opened_at": instant_of(START_MS + round(opened * 1000)),
        "last_seen_at": instant_of(START_MS + round((opened if last is None else last) * 1000)),
        "value": 120.0,
        **more,
    }
    return Episode(**fields)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class PlantedAttack:
    family: str = "request_flood"
    variant: str = "usual"
    held_out: bool = False
    subject_type: str = "user"
    subject: str = "bot"
    start_ms: int = START_MS
    end_ms: int = START_MS + 300_000
    users: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PlantedLookAlike:
    name: str
    start_ms: int = START_MS
    end_ms: int = START_MS + 300_000
    users: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def seconds(episode: Episode) -> float:
    """Return when it opened."""
    return (ms_of(episode.opened_at) - START_MS) / 1000
