"""Incidents held against the truth of a day: which attacks were found, and which people were wronged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.census import People
from evaluation.episodes import Episode
from evaluation.observed import ms_of
from evaluation.planted import Attack, is_about

HELD_OUT_SIGN = ":"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One planted attack and what became of it. Seconds are of event time; None where it was not found."""

    name: str
    family: str
    held_out: bool
    incidents: int
    seconds_to_detect: float | None
    seconds_from_excess: float | None

    @property
    def found(self) -> bool:
        """Whether any incident was about it."""
        return self.incidents > 0


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The attacks of a day, the incidents about none of them, and the sessions of those whom these are about.

    `right` counts the incidents by the name of each finding that they are about.
    """

    findings: tuple[Finding, ...]
    right: Mapping[str, int]
    false: tuple[Episode, ...]
    wronged: frozenset[str]


def judge(
    episodes: Sequence[Episode],
    *,
    attacks: Sequence[Attack],
    people: People,
    first_excess_ms: Mapping[int, int] | None = None,
) -> Judged:
    """Return which attacks the incidents are about, and whom the others wrong.

    `first_excess_ms` tells, by place among the attacks, when one went beyond its rule's threshold.
    """
    excess = first_excess_ms or {}
    about = [[episode for episode in episodes if is_about(episode, attack)] for attack in attacks]
    false = tuple(each for each in episodes if not any(is_about(each, attack) for attack in attacks))
    return Judged(
        findings=tuple(
            _finding(attack, theirs, excess.get(place))
            for place, (attack, theirs) in enumerate(zip(attacks, about, strict=True))
        ),
        right=_right(attacks, about),
        false=false,
        wronged=frozenset(session for episode in false for session in people.behind(episode)),
    )


def name_of(attack: Attack) -> str:
    """Return what the attack counts under: its family, or family and variant where that is held out."""
    return f"{attack.family}{HELD_OUT_SIGN}{attack.variant}" if attack.held_out else attack.family


def _finding(attack: Attack, theirs: Sequence[Episode], excess_ms: int | None) -> Finding:
    opened_ms = min((ms_of(episode.opened_at) for episode in theirs), default=None)
    return Finding(
        name=name_of(attack),
        family=attack.family,
        held_out=attack.held_out,
        incidents=len(theirs),
        seconds_to_detect=_seconds(attack.start_ms, opened_ms),
        seconds_from_excess=_seconds(excess_ms, opened_ms),
    )


def _seconds(start_ms: int | None, opened_ms: int | None) -> float | None:
    return None if start_ms is None or opened_ms is None else (opened_ms - start_ms) / 1000


def _right(attacks: Iterable[Attack], about: Iterable[Sequence[Episode]]) -> dict[str, int]:
    ids: dict[str, set[str]] = {}
    for attack, theirs in zip(attacks, about, strict=True):
        ids.setdefault(name_of(attack), set()).update(episode.incident_id for episode in theirs)
    return {name: len(found) for name, found in ids.items()}
