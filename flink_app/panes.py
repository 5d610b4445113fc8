"""What each user, session and address did in each few seconds: counted once, and read by every rule.

Longer windows are measured over panes. A window over single events would have to walk through all of them for each new
one, and a flood would bring down the detector that looks for floods. The counting is Java's (`Panes.java`); what is to
be counted and measured is made from the rules, here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commerce.rules.rule import PANE_SECONDS, SUBJECT_FIELDS, Feature, Measure, Rule, SubjectType

# Of what is counted by its different values: the column of `on_time` that has them.
DISTINCT = {
    Measure.PRODUCTS: "product_id",
    Measure.USERS: "user_id",
    Measure.ADDRESSES: "ip_address",
    Measure.AGENTS: "agent",
}
# What is counted where only that counts which the subject did not have before.
NEW = {Measure.NEW_ADDRESSES: Measure.ADDRESSES, Measure.NEW_AGENTS: Measure.AGENTS}


class How(StrEnum):
    """How a number is made of the panes of a window; `Layout.java` says what each means."""

    SUM = "SUM"
    SUM_BEFORE = "SUM_BEFORE"
    DIFFERENT = "DIFFERENT"
    NEW = "NEW"
    JOINED = "JOINED"
    PANES = "PANES"


@dataclass(frozen=True)
class Column:
    """What a pane holds of the column `of`, of the events that the condition holds for; without one, of all events.

    Where there is no `of`, the pauses between the events are counted, or nothing but the pane.
    """

    name: str
    of: str = ""
    condition: str = "TRUE"


@dataclass(frozen=True)
class Measured:
    """A number of each pane: of a column, over the window that ends with the pane."""

    how: How
    column: Column
    window_seconds: int
    habit_seconds: int = 0

    @property
    def name(self) -> str:
        """What it is called in the view of the panes."""
        beside = f"_of_{self.habit_seconds}" if self.habit_seconds else ""
        return f"{self.how.lower()}_{self.column.name}_{self.window_seconds}{beside}"


@dataclass(frozen=True)
class Panes:
    """The panes of all subjects of one kind: what is measured of the short ones, and of the long ones."""

    subject_type: SubjectType
    of_short: tuple[Measured, ...]
    of_long: tuple[Measured, ...]

    @property
    def counts(self) -> list[Column]:
        """The columns that are numbers."""
        return self._columns(How.SUM, How.SUM_BEFORE)

    @property
    def values(self) -> list[Column]:
        """The columns that are sets of values."""
        return self._columns(How.DIFFERENT, How.NEW, How.JOINED)

    @property
    def has_pauses(self) -> bool:
        """Whether the pauses between events are counted."""
        return any(measured.column in PAUSES for measured in (*self.of_short, *self.of_long))

    def _columns(self, *made: How) -> list[Column]:
        of_all = (each.column for each in (*self.of_short, *self.of_long) if each.how in made)
        return list(dict.fromkeys(column for column in of_all if column.of))


PANE = Column("panes")
# Pauses, their milliseconds and the squares of these; the quick ones are those that can be part of a rush.
GAPS, GAP_MS, GAP_MS_SQUARED, QUICK_GAPS, QUICK_GAP_MS = PAUSES = tuple(
    Column(name) for name in ("gaps", "gap_ms", "gap_ms_squared", "quick_gaps", "quick_gap_ms")
)


def panes_view(subject_type: SubjectType, pane_seconds: int) -> str:
    """Return the name of the view with the panes of that length."""
    return f"{subject_type}_panes" if pane_seconds == PANE_SECONDS else f"{subject_type}_long_panes"


def all_panes(rules: Sequence[Rule], *, of_users: Sequence[Measured] = ()) -> Iterator[Panes]:
    """Yield the panes that the rules need. Of the users' short ones, `of_users` is measured too."""
    for subject_type in SUBJECT_FIELDS:
        also = of_users if subject_type is SubjectType.USER else ()
        of_short = dict.fromkeys((*_measured(rules, subject_type, short=True), *also))
        of_long = dict.fromkeys(_measured(rules, subject_type, short=False))
        if of_short or of_long:
            yield Panes(subject_type, tuple(of_short), tuple(of_long))


def kinds_of(all_panes: Iterable[Panes]) -> dict[str, int]:
    """Return the conditions that events are counted by, each with the bit that says that it holds for an event."""
    columns = (column for panes in all_panes for column in (*panes.counts, *panes.values))
    return {condition: 1 << place for place, condition in enumerate(sorted({each.condition for each in columns}))}


def measured_of(rule: Rule, feature: Feature) -> tuple[Measured, ...]:
    """Return what a feature of a rule about users, sessions or addresses is made of."""
    window, habit = rule.window_seconds, rule.habit_seconds
    made: tuple[tuple[How, Column], ...]
    match feature.measure:
        case Measure.EVENTS:
            made = ((How.SUM, acts(feature)),)
        case Measure.SHARE:
            made = ((How.SUM, acts(feature)), (How.SUM, acts()))
        case Measure.GAPS:
            made = ((How.SUM, GAPS),)
        case Measure.GAP_VARIATION:
            made = ((How.SUM, GAPS), (How.SUM, GAP_MS), (How.SUM, GAP_MS_SQUARED))
        case Measure.ACTIVE_SECONDS:
            made = ((How.PANES, PANE),)
        case Measure.EARLIER_EVENTS:
            made = ((How.SUM_BEFORE, acts(feature)),)
        case Measure.USERS:
            made = ((How.DIFFERENT, _values(feature)), (How.JOINED, _values(feature)))
        case measure if measure in NEW:
            made = ((How.NEW, _values(feature)),)
        case _:
            made = ((How.DIFFERENT, _values(feature)),)
    of_habit = {How.SUM_BEFORE, How.NEW}
    return tuple(Measured(how, column, window, habit if how in of_habit else 0) for how, column in made)


def acts(feature: Feature | None = None) -> Column:
    """Return the column that counts what subjects did, as far as the feature counts it."""
    name = "acts" if feature is None else "_".join(("acts", *feature.event_types, *_price_name(feature)))
    return Column(name, "act", "TRUE" if feature is None else condition(feature))


def condition(feature: Feature) -> str:
    """Return the condition on the events that a feature counts."""
    conditions = []
    if feature.event_types:
        types = ", ".join(f"'{name}'" for name in feature.event_types)
        conditions.append(f"event_type IN ({types})")
    if feature.price_at_most is not None:
        conditions.append(f"price > 0 AND price <= {feature.price_at_most}")
    return " AND ".join(conditions) or "TRUE"


def _measured(rules: Sequence[Rule], subject_type: SubjectType, *, short: bool) -> Iterator[Measured]:
    """Yield what the rules measure of these panes; the rule about the site reads the users' short ones."""
    for rule in rules:
        if rule.subject_type is SubjectType.SITE and subject_type is SubjectType.USER and short:
            yield from site_measured(rule)
        elif rule.subject_type is subject_type and (rule.pane_seconds == PANE_SECONDS) is short:
            for feature in rule.features:
                yield from measured_of(rule, feature)


def site_measured(rule: Rule) -> tuple[Measured, Measured, Measured]:
    """Return what the rule about the site reads of a user: acts in the pane, buying in it, buying in the window."""
    (buying,) = (feature for feature in rule.features if feature.measure is Measure.EXCESS_BUYING_SHARE)
    return (
        Measured(How.SUM, acts(), PANE_SECONDS),
        Measured(How.SUM, acts(buying), PANE_SECONDS),
        Measured(How.SUM, acts(buying), rule.window_seconds),
    )


def _values(feature: Feature) -> Column:
    measure = NEW.get(feature.measure, feature.measure)
    return Column("_".join((measure, *feature.event_types)), DISTINCT[measure], condition(feature))


def _price_name(feature: Feature) -> Iterator[str]:
    if feature.price_at_most is not None:
        yield f"upto_{round(feature.price_at_most * 100)}"
