"""From crossings to episodes, as the detector makes them: one opens, goes on, and is over after a quiet gap."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from commerce.incident import incident_id
from commerce.rules.rule import Rule
from evaluation.observed import instant_of

# How often what is over is looked for, in milliseconds.
_SWEEP_MS = 600_000


@dataclass(frozen=True, slots=True)
class Crossing:
    """A moment, in milliseconds since 1970, at which all conditions of a rule held, and its leading value then."""

    rule: Rule
    subject: str
    at_ms: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One incident from its first crossing to its last; `value` is the highest of the leading feature."""

    incident_id: str
    rule: str
    rule_version: int
    subject_type: str
    subject: str
    window_seconds: int
    opened_at: datetime
    last_seen_at: datetime
    value: float


def episodes(crossings: Iterable[Crossing]) -> Iterator[Episode]:
    """Give the episodes of crossings that come in order of time; each as soon as nothing can extend it any more.

    Memory holds the episodes under way.
    """
    under_way: dict[tuple[str, str], list[Crossing]] = {}
    checked_ms = 0
    for crossing in crossings:
        if crossing.at_ms > checked_ms + _SWEEP_MS:
            checked_ms = crossing.at_ms
            for key in [key for key, (*_, last) in under_way.items() if _over(last, checked_ms)]:
                yield _episode(under_way.pop(key))
        key = (crossing.rule.name, crossing.subject)
        so_far = under_way.get(key)
        if so_far is not None and _over(so_far[-1], crossing.at_ms):
            yield _episode(under_way.pop(key))
            so_far = None
        under_way[key] = [crossing] if so_far is None else _extended(so_far, crossing)
    yield from map(_episode, under_way.values())


def _over(last: Crossing, at_ms: int) -> bool:
    return at_ms > last.at_ms + last.rule.gap_seconds * 1000


def _extended(so_far: list[Crossing], crossing: Crossing) -> list[Crossing]:
    """Return first, highest and latest crossing."""
    first, *_ = so_far
    highest = max((*so_far[:2], crossing), key=lambda each: each.value)
    return [first, highest, crossing]


def _episode(crossings: list[Crossing]) -> Episode:
    first, last = crossings[0], crossings[-1]
    rule, opened_at = first.rule, instant_of(first.at_ms)
    return Episode(
        incident_id=incident_id(rule=rule.name, rule_version=rule.version, subject=first.subject, opened_at=opened_at),
        rule=rule.name,
        rule_version=rule.version,
        subject_type=rule.subject_type,
        subject=first.subject,
        window_seconds=rule.window_seconds,
        opened_at=opened_at,
        last_seen_at=instant_of(last.at_ms),
        value=max(crossing.value for crossing in crossings),
    )
