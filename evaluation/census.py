"""Everybody who came on a day, session by session, so that it can be told whom an incident is about."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from commerce.rules.rule import SubjectType
from evaluation.episodes import Episode
from evaluation.observed import Observed
from evaluation.planted import Attack, Parties, overlaps


@dataclass(slots=True)
class Session:
    """One visit: who, from where, and from when to when, in milliseconds since 1970."""

    session: str
    users: set[str]
    addresses: set[str]
    start_ms: int
    end_ms: int


@dataclass
class Census:
    """The sessions of a day. An event without a session counts as its user's."""

    sessions: dict[str, Session] = field(default_factory=dict)

    def take(self, event: Observed) -> None:
        """Note who it was."""
        name = event.user_session or event.user_id
        session = self.sessions.get(name)
        if session is None:
            session = self.sessions[name] = Session(name, set(), set(), event.at_ms, event.at_ms)
        session.users.add(event.user_id)
        if event.ip_address is not None:
            session.addresses.add(event.ip_address)
        session.start_ms = min(session.start_ms, event.at_ms)
        session.end_ms = max(session.end_ms, event.at_ms)

    def people(self, attacks: Iterable[Attack], others: Iterable[Parties] = ()) -> "People":
        """Return the sessions of people: neither of an attack nor of `others`, who are no people."""
        automata = [*attacks, *others]
        theirs = frozenset[str]().union(*(each.sessions for each in automata))
        users = frozenset[str]().union(*(each.users for each in automata))
        return People(
            session
            for name, session in self.sessions.items()
            # Whose account was taken over still has visits of their own.
            if name not in theirs and name not in users
        )


class People:
    """The sessions of people, found by user and by address."""

    def __init__(self, sessions: Iterable[Session]) -> None:
        self.sessions = {session.session: session for session in sessions}
        self._by_user: dict[str, list[Session]] = defaultdict(list)
        self._by_address: dict[str, list[Session]] = defaultdict(list)
        for session in self.sessions.values():
            for user in session.users:
                self._by_user[user].append(session)
            for address in session.addresses:
                self._by_address[address].append(session)

    def behind(self, episode: Episode) -> Iterator[str]:
        """Give the sessions of people that the incident is about; one about the site is about all who are there."""
        for session in self._of(episode):
            if overlaps(episode, start_ms=session.start_ms, end_ms=session.end_ms):
                yield session.session

    def _of(self, episode: Episode) -> Iterable[Session]:
        match episode.subject_type:
            case SubjectType.USER:
                return self._by_user.get(episode.subject, ())
            case SubjectType.SESSION:
                return [found for found in [self.sessions.get(episode.subject)] if found is not None]
            case SubjectType.ADDRESS:
                return self._by_address.get(episode.subject, ())
            case _:
                return self.sessions.values()
