"""What must come out: a plain detector in one process, over what the producer meant to send, in one go.

It shares no code with the detector on Flink but the rules as data, and none with curate but the reference parser.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from commerce.event import Event, parse
from commerce.incident import incident_id
from commerce.rules import RULES
from commerce.rules.rule import Rule
from evaluation.episodes import Crossing
from evaluation.observed import from_event, instant_of
from evaluation.quick_detector import QuickDetector
from simulator.record import Record


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must come of one schedule: incidents by id, events by id, rejected lines, and all lines.

    An incident has the place of the record that shows it to be one, counted from 0; they are in that order.
    """

    incidents: dict[str, int] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    rejects: Counter[bytes] = field(default_factory=Counter)
    lines: Counter[bytes] = field(default_factory=Counter)


class Oracle:
    """Takes schedule after schedule, as one long stretch of traffic."""

    def __init__(self, *, arrived_at: datetime, rules: tuple[Rule, ...] = RULES) -> None:
        self._arrived_at = arrived_at
        self._detector = QuickDetector(rules)
        self._open: dict[tuple[str, str], tuple[int, int, str]] = {}

    def take(self, records: Iterable[Record]) -> Expected:
        """Return what must come of these records."""
        expected, events = Expected(), set[str]()
        for place, record in enumerate(records):
            expected.lines[record.data] += 1
            event = parse(record.data, arrived_at=self._arrived_at)
            if not isinstance(event, Event):
                expected.rejects[record.data] += 1
                continue
            events.add(event.event_id)
            for crossing in self._detector.take(from_event(event)):
                self._cross(crossing, place, expected)
        return Expected(
            incidents=expected.incidents, events=frozenset(events), rejects=expected.rejects, lines=expected.lines
        )

    def _cross(self, crossing: Crossing, place: int, expected: Expected) -> None:
        """Open an episode, or extend the one that is open."""
        key = (crossing.rule.name, crossing.subject)
        before = self._open.get(key)
        if before is not None and crossing.at_ms <= before[1] + crossing.rule.gap_seconds * 1000:
            self._open[key] = (before[0], crossing.at_ms, before[2])
            return
        name = incident_id(
            rule=crossing.rule.name,
            rule_version=crossing.rule.version,
            subject=crossing.subject,
            opened_at=instant_of(crossing.at_ms),
        )
        self._open[key] = (crossing.at_ms, crossing.at_ms, name)
        expected.incidents[name] = place
