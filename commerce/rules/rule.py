"""What a rule is: data, from which the detector's SQL, the documentation and the tests are made."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from commerce.durations import in_words


class SubjectType(StrEnum):
    """What kind of thing a rule watches."""

    USER = "user"
    SESSION = "session"
    ADDRESS = "address"
    SITE = "site"


# A longer pause between two events is an absence, not a rhythm.
LONGEST_GAP_SECONDS = 900
# Rules count in panes of this length, those that look back half an hour and more in long ones.
PANE_SECONDS = 10
LONG_PANE_SECONDS = 300


# Behaviour that pauses for no longer than this is still the same episode; that of long panes may rest for hours.
EPISODE_GAP_SECONDS = 600
LONG_EPISODE_GAP_SECONDS = 21_600


class Severity(StrEnum):
    """How soon somebody should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


# The field of an event that names the subject; the site is not named.
SUBJECT_FIELDS = {
    SubjectType.USER: "user_id",
    SubjectType.SESSION: "user_session",
    SubjectType.ADDRESS: "ip_address",
}


class Measure(StrEnum):
    """What a feature counts within the rule's window, ending at the moment judged."""

    EVENTS = "events"  # events of the subject, each id once, and carts or purchases of one moment once together
    PRODUCTS = "products"  # different products among them
    USERS = "users"  # different users among them
    ADDRESSES = "addresses"  # different addresses among them
    AGENTS = "agents"  # different user agents among them; where none is named, nothing is known and no condition holds
    SHARE = "share"  # of the subject's events, those of the event types, 0 to 1
    GAPS = "gaps"  # pauses between one event of the user and the next, none of no length or beyond LONGEST_GAP_SECONDS
    GAP_VARIATION = "gap_variation"  # standard deviation of these pauses over their mean: 0 is a clock
    NEW_ADDRESSES = "new_addresses"  # different addresses that its habit has not; none where that has none at all
    NEW_AGENTS = "new_agents"  # different user agents, likewise
    EARLIER_EVENTS = "earlier_events"  # events of the subject in its habit, counted likewise
    ACTIVE_SECONDS = "active_seconds"  # length of all panes in which there was an event
    CROWD_EVENTS = "crowd_events"  # events of the whole site, one user counted for a few at most
    CROWD_USUAL = "crowd_usual"  # the crowd events that the time before would lead one to expect
    CROWD_EXCESS = "crowd_excess"  # crowd events beyond the usual ones
    CROWD_TIMES_USUAL = "crowd_times_usual"  # crowd events over the usual ones
    EXCESS_BUYING_SHARE = "excess_buying_share"  # buying acts among the excess events, one user counted likewise
    BASELINE_SECONDS = "baseline_seconds"  # how much of the time before there is to compare with


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A number measured for the subject.

    `event_types` narrows what counts, empty means all; so does `price_at_most`, None means any price. What
    costs nothing is not at most anything. `reaches` is the most that the number can be, None where there is no bound.
    """

    name: str
    measure: Measure
    event_types: tuple[str, ...] = ()
    price_at_most: float | None = None
    reaches: float | None = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The feature must be at least, or less than, the threshold. All conditions of a rule must hold."""

    feature: str
    at_least: float | None = None
    less_than: float | None = None
    meaning: str

    @property
    def threshold(self) -> float:
        """The number compared with."""
        bound = self.at_least if self.at_least is not None else self.less_than
        if bound is None:
            raise ValueError(f"the condition on {self.feature} has no bound")
        return bound


@dataclass(frozen=True, kw_only=True)
class Rise:
    """From so many times the leading threshold on, an episode is that severe."""

    times_threshold: float
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. The first condition leads: its feature and threshold stand for the rule in the incident.

    It is judged at the end of each pane, over the panes that make up the window. The subject's habit is what it did
    before the window, in the rest of the `habit_seconds` that end with it. `rises` are in order; `severity` is
    what an episode has below the first. `sentence` is a template over {subject}, {window}, {threshold} and the
    features' names.
    """

    name: str
    version: int
    title: str
    subject_type: SubjectType
    window_seconds: int
    habit_seconds: int = 0
    features: tuple[Feature, ...]
    conditions: tuple[Condition, ...]
    severity: Severity
    rises: tuple[Rise, ...] = ()
    pane_seconds: int = PANE_SECONDS
    sentence: str
    advice: str
    marks_automaton: bool

    @property
    def leading(self) -> Condition:
        """The condition that stands for the rule."""
        return self.conditions[0]

    @property
    def window(self) -> str:
        """The length of the window in words, as the sentence says it."""
        return in_words(self.window_seconds)

    @property
    def gap_seconds(self) -> int:
        """How long the behaviour must have paused until its episode is over."""
        return EPISODE_GAP_SECONDS if self.pane_seconds == PANE_SECONDS else LONG_EPISODE_GAP_SECONDS

    def feature(self, name: str) -> Feature:
        """Return the feature of that name; raises KeyError."""
        return {feature.name: feature for feature in self.features}[name]


def with_thresholds(rules: Iterable[Rule], overrides: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules with thresholds replaced by overrides of the form `rule.feature=number`.

    Raises ValueError naming the first override that fits no rule, feature or number, or that would never hold.
    """
    wanted = dict(_read_override(text) for text in overrides)
    changed = tuple(
        replace(rule, conditions=tuple(_override(rule, c, wanted) for c in rule.conditions)) for rule in rules
    )
    if wanted:
        raise ValueError(f"no rule has the threshold {'.'.join(next(iter(wanted)))}")
    return changed


def _read_override(text: str) -> tuple[tuple[str, str], float]:
    path, equals, number = text.partition("=")
    rule, dot, feature = path.partition(".")
    try:
        bound = float(number)
    except ValueError:
        bound = float("nan")
    if not equals or not dot or not 0 <= bound < float("inf"):
        raise ValueError(f"{text!r} is not of the form rule.feature=number")
    return (rule, feature), bound


def _override(rule: Rule, condition: Condition, wanted: dict[tuple[str, str], float]) -> Condition:
    bound = wanted.pop((rule.name, condition.feature), None)
    if bound is None:
        return condition
    if condition.at_least is not None:
        reaches = rule.feature(condition.feature).reaches
        if reaches is not None and bound > reaches:
            raise ValueError(f"{rule.name}.{condition.feature}={bound:.15g}: it never is more than {reaches:.15g}")
        return replace(condition, at_least=bound)
    if bound == 0:
        raise ValueError(f"{rule.name}.{condition.feature}=0: it never is less than 0")
    return replace(condition, less_than=bound)
