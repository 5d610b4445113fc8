"""The simulator's truth as far as the evaluation reads it: attacks, people who look like bots, and who met whom."""

from collections.abc import Mapping
from typing import Protocol

from commerce.rules.rule import SubjectType
from evaluation.episodes import Episode
from evaluation.observed import ms_of

# Of what an incident watches, the parties of an attack or a crowd that are such subjects.
PARTIES: Mapping[str, str] = {
    SubjectType.USER: "users",
    SubjectType.SESSION: "sessions",
    SubjectType.ADDRESS: "addresses",
}


class Parties(Protocol):
    """Who took part in something, and from when to when, in milliseconds since 1970."""

    @property
    def users(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def sessions(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def addresses(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def start_ms(self) -> int: ...  # noqa: D102
    @property
    def end_ms(self) -> int: ...  # noqa: D102


class Attack(Parties, Protocol):
    """One planted attack. `held_out` is true of a variant that nobody looks at while tuning."""

    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def variant(self) -> str: ...  # noqa: D102
    @property
    def held_out(self) -> bool: ...  # noqa: D102
    @property
    def subject_type(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102


class LookAlike(Parties, Protocol):
    """People, or a welcome crawler, who look like bots."""

    @property
    def name(self) -> str: ...  # noqa: D102


def overlaps(episode: Episode, *, start_ms: int, end_ms: int) -> bool:
    """Return whether the incident shares time with this; it is about the window before it opened, too."""
    first_ms = ms_of(episode.opened_at) - episode.window_seconds * 1000
    return first_ms <= end_ms and ms_of(episode.last_seen_at) >= start_ms


def is_about(episode: Episode, attack: Attack) -> bool:
    """Return whether the incident names the attack's subject or one of its parties, and keeps to its time.

    What was said before the attack began was said of something else. The last window may end as long after the attack
    as it looks back; an incident that goes on for longer is about others, and is wrong as a whole.
    """
    named = (episode.subject_type, episode.subject) == (attack.subject_type, attack.subject)
    if not named and not took_part(episode, attack):
        return False
    latest_ms = attack.end_ms + episode.window_seconds * 1000
    return attack.start_ms <= ms_of(episode.opened_at) and ms_of(episode.last_seen_at) <= latest_ms


def took_part(episode: Episode, parties: Parties) -> bool:
    """Return whether the incident's subject is one of the parties. The site is none."""
    return episode.subject_type in PARTIES and episode.subject in parties_of(parties, episode.subject_type)


def parties_of(parties: Parties, subject_type: str) -> frozenset[str]:
    """Return the parties that are subjects of this type; raises KeyError for the site."""
    found: frozenset[str] = getattr(parties, PARTIES[subject_type])
    return found
