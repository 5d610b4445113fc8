"""What each user did in each ten seconds: counted once, and read by every rule.

Longer windows are sums over panes. A window over single events would have to walk through all of them for each new
one, and a flood would bring down the detector that looks for floods.
"""

from collections.abc import Sequence

from commerce.rules.rule import Feature, Measure, Rule, SubjectType
from commerce.sql.flink import seconds

PANE_SECONDS = 10


def pane_column(feature: Feature) -> str:
    """Return the name of the pane's column that the feature is made of."""
    kind = "products" if feature.measure is Measure.PRODUCTS else "events"
    return "_".join((kind, *feature.event_types))


def user_panes_sql(rules: Sequence[Rule]) -> str:
    """Return the view `user_panes`: a row for each user and pane in which they did something.

    An event sent again falls into the pane it fell into before, so counting its id once is exact.
    """
    columns = {pane_column(feature): _aggregate(feature) for feature in _counted(rules)}
    counts = ", ".join(f"{aggregate} AS {name}" for name, aggregate in columns.items())
    return f"""
        SELECT window_time AS rowtime, user_id, {counts},
          MIN(event_id) AS first_sample, MAX(event_id) AS last_sample
        FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time, user_id
    """


def trailing(window_seconds: int) -> str:
    """Return the range of the panes that make up a window ending with this one."""
    return f"RANGE BETWEEN {seconds(window_seconds - PANE_SECONDS)} PRECEDING AND CURRENT ROW"


def _counted(rules: Sequence[Rule]) -> list[Feature]:
    """Return the features to count: the users' own, and all events and buys for the site."""
    features = [Feature(name="events", measure=Measure.EVENTS)]
    for rule in rules:
        for feature in rule.features:
            if rule.subject_type is SubjectType.USER or feature.event_types:
                features.append(feature)
    return features


def _aggregate(feature: Feature) -> str:
    types = ", ".join(f"'{name}'" for name in feature.event_types)
    narrowed = f" FILTER (WHERE event_type IN ({types}))" if types else ""
    # The products themselves, since the same one may come again in another pane.
    if feature.measure is Measure.PRODUCTS:
        return f"LISTAGG(DISTINCT product_id){narrowed}"
    return f"COUNT(DISTINCT event_id){narrowed}"
