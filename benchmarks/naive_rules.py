"""The rules as one would write them first: each a query of its own, with one hopping window over single events.

Lines, outcomes and what is made of crossings are the detector's own, so that the windows alone make the difference. A
rule is judged where its subject acted in the last pane, as the detector does. Who took part beside the subject is left
out. A rule that compares with the time before, which no hopping window says, reads panes as in the detector.
"""

from collections.abc import Iterator, Sequence

from pyflink.table import StatementSet, StreamTableEnvironment

from commerce.rules.rule import LONGEST_GAP_SECONDS, SUBJECT_FIELDS, Feature, Measure, Rule, SubjectType
from commerce.sql.flink import seconds
from flink_app.features import crossings_of, crossings_sql, gap_variation_sql
from flink_app.panes import DISTINCT, all_panes, condition
from flink_app.pipeline import conclude, read_events, watch_site
from flink_app.settings import DetectorSettings
from flink_app.streams import view

_TOTAL = "COALESCE(SUM(gap_ms), 0)"


def build_naive(tables: StreamTableEnvironment, *, rules: Sequence[Rule], settings: DetectorSettings) -> StatementSet:
    """Return the statements that write what `flink_app.pipeline.build` writes."""
    read_events(tables, panes=[*all_panes([rule for rule in rules if _looks_back(rule)])], settings=settings)
    view(tables, "on_time_after", _on_time_after_sql())
    watch_site(tables, rules)
    return conclude(tables, rules=rules, settings=settings, crossings=_crossings_sql)


def _looks_back(rule: Rule) -> bool:
    return rule.subject_type is SubjectType.SITE or rule.habit_seconds > 0


def _crossings_sql(rule: Rule) -> str:
    if _looks_back(rule):
        return crossings_sql(rule)
    return crossings_of(rule, _hopping_sql(rule))


def _hopping_sql(rule: Rule) -> str:
    subject = SUBJECT_FIELDS[rule.subject_type]
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
            return f"COUNT(DISTINCT act){_narrowed(feature)}"
        case Measure.SHARE:
            some = f"COUNT(DISTINCT act){_narrowed(feature)}"
            return f"ROUND(CAST({some} AS DOUBLE) / COUNT(DISTINCT act), 4)"
        case Measure.GAPS:
            return "COUNT(gap_ms)"
        case Measure.GAP_VARIATION:
            return gap_variation_sql("COUNT(gap_ms)", _TOTAL, "COALESCE(SUM(gap_ms * gap_ms), 0)")
        case Measure.ACTIVE_SECONDS:
            since = "TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', CAST(rowtime AS TIMESTAMP(3)))"
            return f"{rule.pane_seconds} * COUNT(DISTINCT {since} / {rule.pane_seconds})"
        case _:
            different = f"COUNT(DISTINCT {DISTINCT[feature.measure]}){_narrowed(feature)}"
            return f"NULLIF({different}, 0)" if feature.measure is Measure.AGENTS else different


def _narrowed(feature: Feature) -> str:
    return f" FILTER (WHERE {condition(feature)})"


def _on_time_after_sql() -> str:
    """Return the events on time, with the pause since the user's event before.

    Two events of one moment have no pause between them, in whatever order they come.
    """
    at = "CAST(rowtime AS TIMESTAMP(3))"
    return f"""
        SELECT *, CASE WHEN pause_ms BETWEEN 1 AND {LONGEST_GAP_SECONDS * 1000} THEN pause_ms END AS gap_ms
        FROM (
          SELECT *, 1000 * CAST(TIMESTAMPDIFF(SECOND, FLOOR(before TO SECOND), FLOOR({at} TO SECOND)) AS BIGINT)
            + EXTRACT(MILLISECOND FROM {at}) - EXTRACT(MILLISECOND FROM before) AS pause_ms
          FROM (
            SELECT *, MIN({at}) OVER (PARTITION BY user_id ORDER BY rowtime
              ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
            FROM on_time
          )
        )
    """
