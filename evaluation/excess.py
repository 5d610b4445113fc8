"""When an attack first went beyond its rule's leading threshold, judged event by event: no detector can be earlier.

What the detector then takes longer is the price of its panes.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from commerce.rules.rule import SUBJECT_FIELDS, Feature, Measure, Rule, SubjectType
from evaluation.observed import Observed
from evaluation.planted import Attack, parties_of

_COUNTED = {
    Measure.EVENTS: "act",
    Measure.CROWD_EXCESS: "act",
    Measure.GAPS: "event_id",
    Measure.PRODUCTS: "product_id",
    Measure.USERS: "user_id",
    Measure.ADDRESSES: "ip_address",
    Measure.AGENTS: "user_agent",
}


@dataclass
class Trailing:
    """The last window of one subject's events, and how many different values it holds."""

    rule: Rule
    _values: deque[tuple[int, str]] = field(default_factory=deque)
    _different: Counter[str] = field(default_factory=Counter)

    def exceeds(self, event: Observed) -> bool:
        """Take the event; return whether the window that ends with it reaches the threshold."""
        leading = self.rule.leading
        feature = self.rule.feature(leading.feature)
        if not _counts(feature, event):
            return False
        value = str(getattr(event, _COUNTED[feature.measure]))
        self._values.append((event.at_ms, value))
        self._different[value] += 1
        while self._values[0][0] <= event.at_ms - self.rule.window_seconds * 1000:
            _, gone = self._values.popleft()
            self._different[gone] -= 1
            if not self._different[gone]:
                del self._different[gone]
        pauses = feature.measure is Measure.GAPS
        return len(self._different) - pauses >= leading.threshold


class ExcessWatch:
    """Watches the events of planted attacks. `first_ms` holds the moments found, by the attack's place in the list."""

    def __init__(self, attacks: Sequence[Attack], rules: Mapping[str, Rule]) -> None:
        self.first_ms: dict[int, int] = {}
        self._watched: dict[tuple[str, str], list[tuple[int, Attack, Trailing]]] = {}
        for place, attack in enumerate(attacks):
            rule = rules.get(attack.family)
            if rule is not None and rule.feature(rule.leading.feature).measure in _COUNTED:
                self._watch(place, attack, rule)
        self._fields = tuple({field for field, _ in self._watched})

    def take(self, event: Observed) -> None:
        """Note whether this event takes an attack beyond the threshold."""
        for name in self._fields:
            for place, attack, trailing in self._watched.get((name, getattr(event, name)), ()):
                if place in self.first_ms or not attack.start_ms <= event.at_ms <= attack.end_ms:
                    continue
                if trailing.exceeds(event):
                    self.first_ms[place] = event.at_ms

    def _watch(self, place: int, attack: Attack, rule: Rule) -> None:
        site = rule.subject_type is SubjectType.SITE
        subject_type = SubjectType.USER if site else rule.subject_type
        together = Trailing(rule)
        for subject in parties_of(attack, subject_type):
            trailing = together if site else Trailing(rule)
            key = (SUBJECT_FIELDS[subject_type], subject)
            self._watched.setdefault(key, []).append((place, attack, trailing))


def _counts(feature: Feature, event: Observed) -> bool:
    cheap = feature.price_at_most is None or 0 < event.price <= feature.price_at_most
    return cheap and (not feature.event_types or event.event_type in feature.event_types)
