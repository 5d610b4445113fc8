"""The rules' features, measured in plain Python: slow, obvious, and independent of what the detector runs."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from statistics import fmean, pstdev

from made_up_traffic import milliseconds

from commerce.event import Event
from commerce.rules import RULES
from commerce.rules.rule import LONGEST_GAP_SECONDS, SUBJECT_FIELDS, Condition, Feature, Measure, Rule, SubjectType
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_BUYS_PER_USER, CROWD_EVENTS_PER_USER

BUYING = ("cart", "purchase")
DIFFERENT = {
    Measure.PRODUCTS: "product_id",
    Measure.USERS: "user_id",
    Measure.ADDRESSES: "ip_address",
    Measure.AGENTS: "user_agent",
}
NEW = {Measure.NEW_ADDRESSES: "ip_address", Measure.NEW_AGENTS: "user_agent"}
COUNTS = {Measure.EVENTS, Measure.GAPS, *DIFFERENT}


def alarms(events: Iterable[Event]) -> set[tuple[str, str]]:
    """Return (rule, subject) wherever all conditions of a rule hold at the end of some pane."""
    ordered = sorted(events, key=lambda event: event.event_time)
    grouped = {subject_type: by_subject(subject_type, ordered) for subject_type in SUBJECT_FIELDS}
    found: set[tuple[str, str]] = set()
    for rule in RULES:
        if rule.subject_type is SubjectType.SITE:
            found |= {(rule.name, "site") for _ in crossings_of_the_site(rule, ordered)}
            continue
        for subject, theirs in grouped[rule.subject_type].items():
            if next(crossings(rule, theirs), None) is not None:
                found.add((rule.name, subject))
    return found


def by_subject(subject_type: SubjectType, events: Iterable[Event]) -> Mapping[str, list[Event]]:
    grouped: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        grouped[getattr(event, SUBJECT_FIELDS[subject_type])].append(event)
    return grouped


def crossings(rule: Rule, theirs: list[Event]) -> Iterator[dict[str, float]]:
    """Yield the features of one subject at the end of each pane at which all conditions hold."""
    if not enough_for(rule, theirs):
        return
    pane_ms = rule.pane_seconds * 1000
    moments = [milliseconds(event) for event in theirs]
    for pane in sorted({at // pane_ms for at in moments}):
        end = (pane + 1) * pane_ms
        since, until = bisect_left(moments, end - rule.window_seconds * 1000), bisect_left(moments, end)
        before = theirs[bisect_left(moments, end - rule.habit_seconds * 1000) : since]
        features: dict[str, float] = {}
        for condition in rule.conditions:
            feature = rule.feature(condition.feature)
            features[feature.name] = measure(rule, feature, theirs[since:until], moments[since:until], before)
            if not holds(condition, features[feature.name]):
                break
        else:
            yield features


def enough_for(rule: Rule, theirs: list[Event]) -> bool:
    """Return whether it is worth looking: what is counted is counted from events, and no window holds more of them."""
    counts = (each.at_least for each in rule.conditions if rule.feature(each.feature).measure in COUNTS)
    return all(at_least is None or at_least <= len(theirs) for at_least in counts)


def holds(condition: Condition, value: float) -> bool:
    return value >= condition.threshold if condition.at_least is not None else value < condition.threshold


def measure(rule: Rule, feature: Feature, inside: list[Event], moments: list[int], before: list[Event]) -> float:
    if feature.measure in DIFFERENT:
        return len({getattr(event, DIFFERENT[feature.measure]) for event in counted(feature, inside)})
    if feature.measure in NEW:
        now, then = ({getattr(event, NEW[feature.measure]) for event in events} for events in (inside, before))
        return len(now - then)
    if feature.measure in (Measure.EVENTS, Measure.EARLIER_EVENTS):
        return len(counted(feature, inside if feature.measure is Measure.EVENTS else before))
    if feature.measure is Measure.SHARE:
        return len(counted(feature, inside)) / len(inside)
    if feature.measure is Measure.ACTIVE_SECONDS:
        return len({at // (rule.pane_seconds * 1000) for at in moments}) * rule.pane_seconds
    gaps = gaps_of(moments)
    return {Measure.GAPS: len(gaps), Measure.GAP_VARIATION: pstdev(gaps) / fmean(gaps)}[feature.measure] if gaps else 0


def counted(feature: Feature, inside: list[Event]) -> list[Event]:
    return [
        event
        for event in inside
        if (not feature.event_types or event.event_type in feature.event_types)
        and (feature.price_at_most is None or event.price <= feature.price_at_most)
    ]


def gaps_of(moments: list[int]) -> list[int]:
    gaps = (later - earlier for earlier, later in pairwise(moments))
    return [gap for gap in gaps if 0 < gap <= LONGEST_GAP_SECONDS * 1000]


def crossings_of_the_site(rule: Rule, events: list[Event]) -> Iterator[dict[str, float]]:
    """Yield the same of the site as a whole, against the half hour before."""
    crowd, buys = capped(events, rule.pane_seconds), bought_by_many(events, rule)
    first, last = min(crowd), max(crowd)
    window, baseline = rule.window_seconds // rule.pane_seconds, BASELINE_SECONDS // rule.pane_seconds
    for pane in range(first + window, last + 1):
        since = max(first, pane - window - baseline + 1)
        before = range(since, pane - window + 1)
        judged = range(pane - window + 1, pane + 1)
        expected = window / len(before)
        usual, usual_buys = (sum(counts[at] for at in before) * expected for counts in (crowd, buys))
        now, bought = (sum(counts[at] for at in judged) for counts in (crowd, buys))
        features = {
            "excess_events": now - round(usual),
            "times_usual": now / max(usual, 1),
            "buying_share": max(bought - usual_buys, 0) / max(now - usual, 1),
            "baseline_seconds": len(before) * rule.pane_seconds,
        }
        if all(holds(condition, features[condition.feature]) for condition in rule.conditions):
            yield features


def bought_by_many(events: Iterable[Event], rule: Rule) -> Counter[int]:
    """Return how much buying counts in each pane: an act does unless enough of its user's came shortly before."""
    pane_ms = rule.pane_seconds * 1000
    panes: Counter[int] = Counter()
    theirs: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.event_type in BUYING:
            pane = milliseconds(event) // pane_ms
            before = theirs[event.user_id]
            lately = [each for each in before if each > pane - rule.window_seconds // rule.pane_seconds]
            panes[pane] += len(lately) < CROWD_BUYS_PER_USER
            before.append(pane)
    return panes


def capped(events: Iterable[Event], pane_seconds: int) -> Counter[int]:
    each = Counter((milliseconds(event) // (pane_seconds * 1000), event.user_id) for event in events)
    panes: Counter[int] = Counter()
    for (pane, _), count in each.items():
        panes[pane] += min(count, CROWD_EVENTS_PER_USER)
    return panes
