"""The detector without an engine: the rules in plain Python, for development, where a cluster would take minutes.

It keeps to the detector's own semantics (tumbling panes, windows that end with a pane, a watermark that moves
from one end of a pane to the next), and a parity test holds both to the same incidents.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from commerce.known_networks import KnownAddresses
from commerce.rules.rule import LONGEST_GAP_SECONDS, PANE_SECONDS, SUBJECT_FIELDS, Measure, Rule, SubjectType
from evaluation.episodes import Crossing, Episode, episodes
from evaluation.observed import Observed
from evaluation.panes import Pane, Trail, holds, least_events, measured
from evaluation.site import SiteHistory

ALLOWED_LATENESS_SECONDS = 10
PANE_MS = PANE_SECONDS * 1000
SITE = "site"


@dataclass
class Outcomes:
    """How many events met which outcome."""

    on_time: int = 0
    late: int = 0
    known: int = 0


class QuickDetector:
    """Takes events about in order of their times and gives crossings. It remembers as long as a rule looks back."""

    def __init__(self, rules: Sequence[Rule], *, known_networks: Sequence[str] = ()) -> None:
        self.outcomes = Outcomes()
        self._known = KnownAddresses(tuple(known_networks))
        self._watermark_ms = -1
        sizes = sorted({rule.pane_seconds for rule in rules})
        self._panes = [OpenPanes([rule for rule in rules if rule.pane_seconds == size]) for size in sizes]

    def take(self, event: Observed) -> Sequence[Crossing]:
        """Return the crossings of the panes that this event shows to be over."""
        if event.at_ms <= self._watermark_ms:
            self.outcomes.late += 1
            return ()
        crossings = self._advance(event.at_ms - ALLOWED_LATENESS_SECONDS * 1000)
        if event.ip_address in self._known:
            self.outcomes.known += 1
            return crossings
        self.outcomes.on_time += 1
        for panes in self._panes:
            panes.take(event)
        return crossings

    def finish(self) -> Sequence[Crossing]:
        """Return the crossings of all panes still open: no more events will come."""
        return self._advance(self._watermark_ms + 3 * max(panes.pane_ms for panes in self._panes))

    def _advance(self, time_ms: int) -> Sequence[Crossing]:
        """Move the watermark to the last end of a pane by that time, if it lies ahead."""
        watermark_ms = time_ms // PANE_MS * PANE_MS - 1
        if watermark_ms <= self._watermark_ms:
            return ()
        self._watermark_ms = watermark_ms
        crossings = [crossing for panes in self._panes for crossing in panes.close(watermark_ms)]
        return sorted(crossings, key=lambda crossing: crossing.at_ms)


def detect(
    events: Iterable[Observed], *, rules: Sequence[Rule], known_networks: Sequence[str] = ()
) -> Iterator[Episode]:
    """Give the episodes of all rules, each once it is over."""
    return episodes(crossings(events, rules=rules, known_networks=known_networks))


def crossings(
    events: Iterable[Observed], *, rules: Sequence[Rule], known_networks: Sequence[str] = ()
) -> Iterator[Crossing]:
    """Give the crossings of all rules, in order of time."""
    detector = QuickDetector(rules, known_networks=known_networks)
    for event in events:
        yield from detector.take(event)
    yield from detector.finish()


class OpenPanes:
    """The panes of one length that may still get events, and what becomes of them when they are over."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.pane_ms = rules[0].pane_seconds * 1000
        self._open: dict[int, list[Observed]] = defaultdict(list)
        site = [rule for rule in rules if rule.subject_type is SubjectType.SITE]
        self._site = [(rule, SiteHistory(rule)) for rule in site]
        types = {rule.subject_type for rule in rules} - {SubjectType.SITE} | ({SubjectType.USER} if site else set())
        self._tracks = {
            subject_type: Track([rule for rule in rules if rule.subject_type is subject_type])
            for subject_type in sorted(types)
        }

    def take(self, event: Observed) -> None:
        """Put the event into its pane."""
        self._open[event.at_ms // self.pane_ms].append(event)

    def close(self, watermark_ms: int) -> Iterator[Crossing]:
        """Give the crossings at the ends of all panes that the watermark has passed."""
        over = sorted(number for number in self._open if (number + 1) * self.pane_ms - 1 <= watermark_ms)
        for number in over:
            events = self._open.pop(number)
            at_ms = (number + 1) * self.pane_ms - 1
            for subject_type, track in self._tracks.items():
                subjects = by_subject(events, subject_type)
                if subject_type is SubjectType.USER:
                    yield from self._of_site(number, at_ms, subjects)
                yield from track.add(number, at_ms, subjects)

    def _of_site(self, number: int, at_ms: int, users: dict[str, list[Observed]]) -> Iterator[Crossing]:
        for rule, history in self._site:
            site = history.add(number, users.values())
            if all(holds(each, site.measured(rule.feature(each.feature).measure)) for each in rule.conditions):
                yield Crossing(rule, SITE, at_ms, site.measured(rule.feature(rule.leading.feature).measure))


class Track:
    """All subjects of one type, for the rules of one pane length."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, least_events(rule), rule.window_seconds // rule.pane_seconds) for rule in rules]
        gaps = any(feature.measure is Measure.GAPS for rule in rules for feature in rule.features)
        pane_seconds = rules[0].pane_seconds if rules else 1
        longest_gap = LONGEST_GAP_SECONDS + pane_seconds if gaps else 0
        looks_back = (seconds for rule in rules for seconds in (rule.window_seconds, rule.habit_seconds))
        self._keep_panes = max([longest_gap, *looks_back]) // pane_seconds
        self._least_events = min((least for _, least, _ in self._rules), default=0)
        self._trails: dict[str, Trail] = {}
        self._swept = 0

    def add(self, number: int, at_ms: int, subjects: dict[str, list[Observed]]) -> Iterator[Crossing]:
        """Add what each subject did in this pane; give the crossings at its end."""
        if not self._rules:
            return
        self._sweep(number)
        for subject, events in subjects.items():
            trail = self._trails.get(subject)
            if trail is None:
                trail = self._trails[subject] = Trail()
            trail.add(number, events, keep_panes=self._keep_panes)
            if trail.events >= self._least_events:
                yield from self._judge(subject, at_ms, trail)

    def _judge(self, subject: str, at_ms: int, trail: Trail) -> Iterator[Crossing]:
        for rule, least, panes in self._rules:
            if trail.events < least:
                continue
            window = trail.window(panes)
            if sum(len(pane.events) for pane in window) < least:
                continue
            habit = trail.before(panes, rule.habit_seconds // rule.pane_seconds) if rule.habit_seconds else []
            if meets(rule, window, habit):
                leading = measured(rule.feature(rule.leading.feature), window, rule.pane_seconds)
                yield Crossing(rule, subject, at_ms, leading)

    def _sweep(self, number: int) -> None:
        """Forget whoever has not been seen for the longest window."""
        if number < self._swept + self._keep_panes:
            return
        self._swept = number
        oldest = number - self._keep_panes
        self._trails = {who: trail for who, trail in self._trails.items() if trail.panes[-1].number > oldest}


def meets(rule: Rule, window: Sequence[Pane], before: Sequence[Pane] = ()) -> bool:
    """Return whether all conditions of the rule hold over the window, beside what was before it."""
    return all(
        holds(condition, measured(rule.feature(condition.feature), window, rule.pane_seconds, before=before))
        for condition in rule.conditions
    )


def by_subject(events: Iterable[Observed], subject_type: SubjectType) -> dict[str, list[Observed]]:
    """Return the events of each subject of the type; those without one are left out."""
    subject_of: Callable[[Observed], str | None] = attrgetter(SUBJECT_FIELDS[subject_type])
    subjects: dict[str, list[Observed]] = {}
    for event in events:
        subject = subject_of(event)
        if subject is None:
            continue
        found = subjects.get(subject)
        if found is None:
            subjects[subject] = [event]
        else:
            found.append(event)
    return subjects
