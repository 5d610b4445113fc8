"""Holds what is there against what must be: what is lost, what is doubled, and what is different."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """In which way two sides differ."""

    LOST = "lost"
    DOUBLED = "doubled"
    DIFFERENT = "different"


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One thing that is wrong on one side: its kind, and an id or the beginning of a line."""

    kind: Kind
    side: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} on the side '{self.side}': {self.what}"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What is to be compared, by the name of the side: each thing with how often it is there.

    `said` is what the incidents stream says of each incident, `stored_as` and `curated_as` what its table and the lake
    do.
    """

    lines: Mapping[bytes, int] = field(default_factory=dict)
    archive: Mapping[bytes, int] = field(default_factory=dict)
    rejects: Mapping[bytes, int] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    on_stream: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[str, int] = field(default_factory=dict)
    curated: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    stored_as: Mapping[str, str] = field(default_factory=dict)
    curated_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What may be there more than once: lines written although the producer could not know, alerts likewise."""

    lines: Mapping[bytes, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


def compare(expected: Sides, found: Sides, allowed: Allowed) -> Iterator[Wrong]:
    """Yield everything that is wrong.

    A line that was written twice because its answer was lost is twice on the stream and, if it is no event, among the
    rejects; it is one event all the same. An incident may be on the stream any number of times, since that is delivered
    at least once.
    """
    written = Counter(expected.lines) + Counter(allowed.lines)
    rejects = Counter(expected.rejects)
    for line, times in allowed.lines.items():
        if line in rejects:
            rejects[line] += times
    yield from _counted("events stream", written, found.lines)
    yield from _counted("archive of events", written, found.archive)
    yield from _counted("rejects of the lake", rejects, found.rejects)
    yield from _counted("events of the lake", expected.events, found.events)
    yield from _counted("incidents stream", expected.on_stream, dict.fromkeys(found.on_stream, 1))
    yield from _counted("incidents table", expected.stored, found.stored)
    yield from _counted("incidents of the lake", expected.curated, found.curated)
    yield from _counted("alerts", expected.told, _excused(found.told, allowed.told))
    yield from _agreed("states in the incidents table", found.said, found.stored_as)
    yield from _agreed("states in the lake", found.said, found.curated_as)


def _excused(told: Mapping[str, int], allowed: Mapping[str, int]) -> dict[str, int]:
    """Return the alerts without those that had to be sent again; the first one nothing excuses."""
    return {name: max(1, times - allowed.get(name, 0)) for name, times in told.items()}


def _agreed(side: str, said: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Wrong]:
    """Yield the incidents of which a side says something else; those that it does not have are lost, and told so."""
    for name in said.keys() & there.keys():
        if there[name] != said[name]:
            yield Wrong(kind=Kind.DIFFERENT, side=side, what=f"{name}: {there[name]}, and not {said[name]}")


def _counted(
    side: str, expected: Mapping[bytes, int] | Mapping[str, int], found: Mapping[bytes, int] | Mapping[str, int]
) -> Iterator[Wrong]:
    there, wanted = Counter[bytes | str](found), Counter[bytes | str](expected)
    for what in wanted - there:
        yield Wrong(kind=Kind.LOST, side=side, what=_shown(what))
    for what in there - wanted:
        kind = Kind.DOUBLED if what in wanted else Kind.DIFFERENT
        yield Wrong(kind=kind, side=side, what=_shown(what))


def _shown(what: bytes | str) -> str:
    return what[:160].decode(errors="backslashreplace") if isinstance(what, bytes) else what
