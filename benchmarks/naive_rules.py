"""The rules as one would write them first: each a query of its own, with one hopping window over single events.

Lines, outcomes and what is made of crossings are the detector's own, so that the windows alone make the difference. A
rule is judged where its subject acted in the last pane, as the detector does. Who took part beside the subject is left
out. The rule about the site compares with
the time before, which no hopping window says: it keeps panes, of its own.
"""

from collections.abc import Iterator, Sequence

from pyflink.table import StatementSet, StreamTableEnvironment

from commerce.rules.rule import Feature, Measure, Rule, SubjectType
from commerce.sql.flink import seconds
from flink_app.features import crossings_of, crossings_sql
from flink_app.panes import DISTINCT, SUBJECT_COLUMNS, narrowed, pane_views
from flink_app.pipeline import conclude, read_events, watch_site
from flink_app.settings import DetectorSettings

_TOTAL = "CAST(COALESCE(SUM(gap_ms), 0) AS DOUBLE)"
_GAP_VARIATION = f"""CASE WHEN {_TOTAL} = 0 THEN 1.0 ELSE ROUND(SQRT(GREATEST(CAST(COUNT(gap_ms) AS DOUBLE)
  * CAST(COALESCE(SUM(gap_ms * gap_ms), 0) AS DOUBLE) - POWER({_TOTAL}, 2), 0.0)) / {_TOTAL}, 4) END"""


def build_naive(tables: StreamTableEnvironment, *, rules: Sequence[Rule], settings: DetectorSettings) -> StatementSet:
    """Return the statements that write what `flink_app.pipeline.build` writes."""
    read_events(tables, settings)
    of_the_site = [rule for rule in rules if rule.subject_type is SubjectType.SITE]
    for name, query in pane_views(of_the_site):
        tables.execute_sql(f"CREATE TEMPORARY VIEW {name} AS {query}")
    watch_site(tables, of_the_site)
    return conclude(tables, rules=rules, settings=settings, crossings=_crossings_sql)


def _crossings_sql(rule: Rule) -> str:
    if rule.subject_type is SubjectType.SITE:
        return crossings_sql(rule)
    return crossings_of(rule, _hopping_sql(rule))


def _hopping_sql(rule: Rule) -> str:
    subject = SUBJECT_COLUMNS[rule.subject_type]
    source = "on_time_after" if any("gap" in feature.measure for feature in rule.features) else "on_time"
    slide, size = seconds(rule.pane_seconds), seconds(rule.window_seconds)
    return f"""
        SELECT {subject} AS subject, window_time AS rowtime,
          CONCAT(MIN(event_id), ',', MAX(event_id)) AS samples, {", ".join(_columns(rule))}
        FROM TABLE(HOP(TABLE {source}, DESCRIPTOR(rowtime), {slide}, {size}))
        WHERE {subject} IS NOT NULL
        GROUP BY window_start, window_end, window_time, {subject}
        HAVING MAX(CAST(rowtime AS TIMESTAMP(3))) >= window_end - {slide}
    """


def _columns(rule: Rule) -> Iterator[str]:
    yield "'' AS parties"  # hopping windows merge, and LISTAGG(DISTINCT ...) cannot be merged
    for feature in rule.features:
        yield f"{_measure(rule, feature)} AS `{feature.name}`"


def _measure(rule: Rule, feature: Feature) -> str:
    match feature.measure:
        case Measure.EVENTS:
            return f"COUNT(DISTINCT act){narrowed(feature)}"
        case Measure.SHARE:
            some = f"COUNT(DISTINCT act){narrowed(feature)}"
            return f"ROUND(CAST({some} AS DOUBLE) / COUNT(DISTINCT act), 4)"
        case Measure.GAPS:
            return "COUNT(gap_ms)"
        case Measure.GAP_VARIATION:
            return _GAP_VARIATION
        case Measure.ACTIVE_SECONDS:
            since = "TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', CAST(rowtime AS TIMESTAMP(3)))"
            return f"{rule.pane_seconds} * COUNT(DISTINCT {since} / {rule.pane_seconds})"
        case _:
            return f"COUNT(DISTINCT {DISTINCT[feature.measure]}){narrowed(feature)}"
