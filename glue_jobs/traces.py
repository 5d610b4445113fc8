"""What raw bytes hold of a user, and the same bytes without it.

A record that was read as an event is the user's if its `user_id` is, whatever else stands in it; an incident, if it is
about the user, or about a session or an address that nobody but the user had; a signal of risk, if it is about the
user. A record that could not be read has no fields to go by: it is the user's if the id stands anywhere in its bytes as
a word of its own, so rather one too many than one too few. The record's line becomes an empty one: blank lines are no
records, and every other line keeps its number and its bytes. Of incidents about something else, the ids of the user's
events are taken out, and the user from those who took part.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from commerce.event import Event
from commerce.event import parse as parse_event
from commerce.incident import Incident, RiskSignal, to_line
from commerce.incident import parse as parse_incident
from commerce.rules.rule import SubjectType
from glue_jobs.raw import records

_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")
_EVENT_ID = re.compile(rb'"event_id"\s*:\s*"?([\w-]+)')


# A session or an address that events were seen in: its type as of a subject, and its name.
Haunt = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What one object holds of the user: by line number what to put there, and what the user's events in it name.

    `shares_ids`: another user's record has the id of one of them and was refused as a duplicate because of it.
    """

    lines: Mapping[int, bytes] = field(default_factory=dict)
    event_ids: frozenset[str] = frozenset()
    haunts: frozenset[Haunt] = frozenset()
    shares_ids: bool = False

    def removed_from(self, content: bytes) -> bytes:
        """Return the content without the traces, all other lines byte for byte."""
        lines = content.split(b"\n")
        for number, line in self.lines.items():
            lines[number - 1] = line
        return b"\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """A user, the ids of the user's events as far as they are known, and the haunts that nobody else has."""

    user_id: str
    event_ids: frozenset[str] = frozenset()
    own_haunts: frozenset[Haunt] = frozenset()

    @property
    def subjects(self) -> frozenset[Haunt]:
        """What an incident about the user can be about, by type and name."""
        return self.own_haunts | {(SubjectType.USER.value, self.user_id)}

    def others(self, named: Iterable[str]) -> list[str]:
        """Return of those who took part in an incident all but the user, by whatever name."""
        own = {name for _, name in self.subjects}
        return [name for name in named if name not in own]

    def names_user(self, line: bytes) -> bool:
        """Return whether the id stands in the bytes, plain or as JSON escapes, and is no part of a longer word.

        A word is made of letters, digits, `_`, `-`, `.` and `+`: a JSON text or number that is the id is one. Under
        the name `user_id` so is the id with a fraction of zero.
        """
        return self._word.search(_ESCAPED.sub(_character, line)) is not None

    def in_events(self, content: bytes, *, arrived_at: datetime, may_share_ids: bool = False) -> Traces:
        """Find the user in an object of events; `may_share_ids` looks at other users' records too."""
        lines: dict[int, bytes] = {}
        event_ids: set[str] = set()
        haunts: set[Haunt] = set()
        for number, line in self._to_read(content):
            found = parse_event(line, arrived_at=arrived_at)
            if isinstance(found, Event) and found.user_id == self.user_id:
                event_ids.add(found.event_id)
                haunts.update(haunts_of(found))
                lines[number] = b""
            elif not isinstance(found, Event) and self.names_user(line):
                lines[number] = b""
        shares_ids = may_share_ids and self._shares_ids(content, lines, arrived_at)
        return Traces(lines=lines, event_ids=frozenset(event_ids), haunts=frozenset(haunts), shares_ids=shares_ids)

    def in_incidents(self, content: bytes) -> Traces:
        """Find the user in an object of incidents, tallies and signals of risk."""
        changed = {number: self._incident_without(line) for number, line in records(content)}
        return Traces(lines={number: line for number, line in changed.items() if line is not None})

    def is_about(self, incident: Incident) -> bool:
        """Return whether its subject is the user, or nobody's but the user's."""
        return (incident.subject_type, incident.subject) in self.subjects

    def _to_read(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the records to read: where the id does not stand at all, which is quickly seen, none is the user's."""
        if self._stands_in(content):
            yield from ((number, line) for number, line in records(content) if self._stands_in(line))

    def _stands_in(self, text: bytes) -> bool:
        return self._user in text or (b"\\u" in text and self._user in _ESCAPED.sub(_character, text))

    def _incident_without(self, line: bytes) -> bytes | None:
        """Return the line to put in its place, None for no change."""
        try:
            record = parse_incident(line)
        except ValueError:
            return b"" if self.names_user(line) else None
        if isinstance(record, RiskSignal) and record.user_id == self.user_id:
            return b""
        if not isinstance(record, Incident):
            return None
        if self.is_about(record):
            return b""
        samples = tuple(event_id for event_id in record.sample_event_ids if event_id not in self.event_ids)
        left = replace(record, sample_event_ids=samples, subjects=tuple(self.others(record.subjects)))
        return None if left == record else to_line(left)

    def _shares_ids(self, content: bytes, own: Mapping[int, bytes], arrived_at: datetime) -> bool:
        if self._event_ids.isdisjoint(_EVENT_ID.findall(content)):
            return False
        others = (line for number, line in records(content) if number not in own)
        suspects = (line for line in others if not self._event_ids.isdisjoint(_EVENT_ID.findall(line)))
        found = (parse_event(line, arrived_at=arrived_at) for line in suspects)
        return any(isinstance(event, Event) and event.event_id in self.event_ids for event in found)

    @cached_property
    def _user(self) -> bytes:
        return self.user_id.encode()

    @cached_property
    def _event_ids(self) -> frozenset[bytes]:
        return frozenset(event_id.encode() for event_id in self.event_ids)

    @cached_property
    def _word(self) -> re.Pattern[bytes]:
        # Many programs write a column of numbers with gaps as floats: 700000001.0, which no event may have as a user.
        as_float = rb'"user_id"\s*:\s*"?' + re.escape(self._user) + rb"[.]0+"
        return re.compile(rb"(?:(?<![\w.+-])" + re.escape(self._user) + rb"|" + as_float + rb")(?![\w.+-])")


def haunts_of(event: Event) -> Iterator[Haunt]:
    """Yield the session and the address of an event, where it has them."""
    if event.user_session:
        yield SubjectType.SESSION.value, event.user_session
    if event.ip_address:
        yield SubjectType.ADDRESS.value, event.ip_address


def _character(escape: re.Match[bytes]) -> bytes:
    return chr(int(escape[1], 16)).encode("utf-8", errors="surrogatepass")
