"""What each user, session and address did in each few seconds: counted once, and read by every rule.

Longer windows are sums over panes. A window over single events would have to walk through all of them for each new
one, and a flood would bring down the detector that looks for floods. Long panes are made of short ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from commerce.rules.rule import LONG_PANE_SECONDS, PANE_SECONDS, Feature, Measure, Rule, SubjectType
from commerce.sql.flink import seconds

SUBJECT_COLUMNS = {
    SubjectType.USER: "user_id",
    SubjectType.SESSION: "user_session",
    SubjectType.ADDRESS: "ip_address",
}
# Of what is counted by its different values: the column of `on_time` that has them.
DISTINCT = {
    Measure.PRODUCTS: "product_id",
    Measure.USERS: "user_id",
    Measure.ADDRESSES: "ip_address",
    Measure.AGENTS: "agent",
}
# What is counted where only that counts which the subject did not have before.
NEW = {Measure.NEW_ADDRESSES: Measure.ADDRESSES, Measure.NEW_AGENTS: Measure.AGENTS}
EVERYTHING = Feature(name="events", measure=Measure.EVENTS)


@dataclass(frozen=True)
class PaneColumn:
    """A number or list of each pane: how it is made of events, and of shorter panes."""

    name: str
    of_events: str
    of_panes: str


def panes_view(subject_type: SubjectType, pane_seconds: int) -> str:
    """Return the name of the view with the panes of that length."""
    return f"{subject_type}_panes" if pane_seconds == PANE_SECONDS else f"{subject_type}_long_panes"


def pane_views(rules: Sequence[Rule], *, of_users: Sequence[PaneColumn] = ()) -> Iterator[tuple[str, str]]:
    """Yield name and query of each view of panes that the rules need, the ones others are made of first.

    The users' short panes also have the columns `of_users`.
    """
    for subject_type in SUBJECT_COLUMNS:
        short = [*_features(rules, subject_type, PANE_SECONDS)]
        long = [*_features(rules, subject_type, LONG_PANE_SECONDS)]
        also = of_users if subject_type is SubjectType.USER else ()
        if short or long or also:
            columns = _columns(short + long, also)
            yield panes_view(subject_type, PANE_SECONDS), _short_panes_sql(subject_type, columns)
        if long:
            yield panes_view(subject_type, LONG_PANE_SECONDS), _long_panes_sql(subject_type, _columns(long))


def pane_columns(feature: Feature) -> tuple[PaneColumn, ...]:
    """Return the columns of a pane that a feature is computed from."""
    match feature.measure:
        case Measure.EVENTS | Measure.SHARE | Measure.EARLIER_EVENTS:
            return (_count(feature),)
        case Measure.GAPS | Measure.GAP_VARIATION:
            return _GAP_COLUMNS
        case measure if measure in DISTINCT:
            return (_list(feature),)
        case measure if measure in NEW:
            return pane_columns(replace(feature, measure=NEW[measure]))
        case _:
            return ()


def trailing(window_seconds: int, pane_seconds: int = PANE_SECONDS) -> str:
    """Return the range of the panes that make up a window ending with this one."""
    return f"RANGE BETWEEN {seconds(window_seconds - pane_seconds)} PRECEDING AND CURRENT ROW"


def _features(rules: Sequence[Rule], subject_type: SubjectType, pane_seconds: int) -> Iterator[Feature]:
    """Yield the features to count in these panes; the rule about the site reads the users' short ones."""
    for rule in rules:
        if rule.subject_type is SubjectType.SITE:
            if subject_type is SubjectType.USER and pane_seconds == PANE_SECONDS:
                yield EVERYTHING
                yield from (
                    Feature(name=feature.name, measure=Measure.EVENTS, event_types=feature.event_types)
                    for feature in rule.features
                    if feature.event_types
                )
        elif rule.subject_type is subject_type and rule.pane_seconds == pane_seconds:
            yield EVERYTHING
            yield from rule.features


def _columns(features: Iterable[Feature], also: Iterable[PaneColumn] = ()) -> list[PaneColumn]:
    of_features = (column for feature in features for column in pane_columns(feature))
    return list({column.name: column for column in (*of_features, *also)}.values())


def _short_panes_sql(subject_type: SubjectType, columns: Sequence[PaneColumn]) -> str:
    """Return the panes made of events. An event sent again falls into the pane it was in: counting once is exact."""
    subject = SUBJECT_COLUMNS[subject_type]
    source = "on_time_after" if any("gap_ms" in column.of_events for column in columns) else "on_time"
    counts = ", ".join(f"{column.of_events} AS {column.name}" for column in columns)
    known = "" if subject_type is SubjectType.USER else f"WHERE {subject} IS NOT NULL"
    return f"""
        SELECT window_time AS rowtime, {subject}, {counts},
          MIN(event_id) AS first_sample, MAX(event_id) AS last_sample
        FROM TABLE(TUMBLE(TABLE {source}, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        {known}
        GROUP BY window_start, window_end, window_time, {subject}
    """


def _long_panes_sql(subject_type: SubjectType, columns: Sequence[PaneColumn]) -> str:
    subject = SUBJECT_COLUMNS[subject_type]
    counts = ", ".join(f"{column.of_panes} AS {column.name}" for column in columns)
    return f"""
        SELECT window_time AS rowtime, {subject}, {counts},
          MIN(first_sample) AS first_sample, MAX(last_sample) AS last_sample
        FROM TABLE(TUMBLE(TABLE {panes_view(subject_type, PANE_SECONDS)}, DESCRIPTOR(rowtime),
          {seconds(LONG_PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time, {subject}
    """


def _count(feature: Feature) -> PaneColumn:
    name = "_".join(("events", *feature.event_types, *_price_name(feature)))
    return PaneColumn(name, f"COUNT(DISTINCT act){narrowed(feature)}", f"SUM({name})")


def _list(feature: Feature) -> PaneColumn:
    """Return the different values themselves, since the same one may come again in another pane."""
    name = "_".join((feature.measure, *feature.event_types))
    return PaneColumn(name, f"LISTAGG(DISTINCT {DISTINCT[feature.measure]}){narrowed(feature)}", f"LISTAGG({name})")


def narrowed(feature: Feature) -> str:
    """Return the filter on the events that a feature counts; empty for all."""
    conditions = []
    if feature.event_types:
        types = ", ".join(f"'{name}'" for name in feature.event_types)
        conditions.append(f"event_type IN ({types})")
    if feature.price_at_most is not None:
        conditions.append(f"price <= {feature.price_at_most}")
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""


def _price_name(feature: Feature) -> Iterator[str]:
    if feature.price_at_most is not None:
        yield f"upto_{round(feature.price_at_most * 100)}"


# Sums of whole milliseconds are exact in any order; a pause of no length is an event sent again or a first one.
_GAP_COLUMNS = (
    PaneColumn("gaps", "COUNT(gap_ms)", "SUM(gaps)"),
    PaneColumn("gap_ms", "COALESCE(SUM(gap_ms), 0)", "SUM(gap_ms)"),
    PaneColumn("gap_ms_squared", "COALESCE(SUM(gap_ms * gap_ms), 0)", "SUM(gap_ms_squared)"),
)
