"""From events to crossings: each rule's features measured, and the moments at which all its conditions hold.

Every rule ends in the same columns, so that what follows treats all rules alike.
"""

import re

from commerce.incident import MAX_SUBJECTS
from commerce.rules.rule import PANE_SECONDS, Condition, Feature, Measure, Rule, SubjectType
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_EVENTS_PER_USER
from commerce.sql.flink import seconds
from flink_app.panes import SUBJECT_COLUMNS, How, measured_of, panes_view, site_measured

_SITE_COLUMNS = {
    Measure.CROWD_EVENTS: "crowd",
    Measure.CROWD_USUAL: "CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_EXCESS: "crowd - CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_TIMES_USUAL: "ROUND(crowd / GREATEST(usual, 1.0), 1)",
    Measure.EXCESS_BUYING_SHARE: "ROUND(GREATEST(buys - usual_buys, 0.0) / GREATEST(crowd - usual, 1.0), 4)",
    Measure.BASELINE_SECONDS: "baseline_seconds",
}


def crossings_sql(rule: Rule) -> str:
    """Return the crossings of one rule: rule, subject, rowtime, value, evidence, samples, parties, sentence."""
    return crossings_of(rule, _site_features(rule) if rule.subject_type is SubjectType.SITE else _pane_features(rule))


def gap_variation_sql(gaps: str, gap_ms: str, gap_ms_squared: str) -> str:
    """Return the standard deviation of the pauses over their mean. Whole numbers: no order of adding shows."""
    count, total, squares = (f"CAST({sum_} AS DOUBLE)" for sum_ in (gaps, gap_ms, gap_ms_squared))
    deviation = f"SQRT(GREATEST({count} * {squares} - POWER({total}, 2), 0.0))"
    return f"CASE WHEN {gap_ms} = 0 THEN 1.0 ELSE ROUND({deviation} / {total}, 4) END"


def crossings_of(rule: Rule, measured: str) -> str:
    """Return the crossings among what was `measured`: subject, rowtime, samples, parties, and a column a feature."""
    evidence = ", ".join(f"KEY '{feature.name}' VALUE `{feature.name}`" for feature in rule.features)
    conditions = " AND ".join(_condition(condition) for condition in rule.conditions)
    return f"""
        SELECT '{rule.name}' AS rule, subject, rowtime, CAST(`{rule.leading.feature}` AS DOUBLE) AS `value`,
          JSON_OBJECT({evidence}) AS evidence, samples, parties, {_sentence(rule)} AS sentence
        FROM ({measured}) WHERE {conditions}
    """


def _pane_features(rule: Rule) -> str:
    features = ", ".join(f"{_feature(rule, each)} AS `{each.name}`" for each in rule.features)
    return f"""
        SELECT {SUBJECT_COLUMNS[rule.subject_type]} AS subject, rowtime,
          CONCAT(first_sample, ',', last_sample) AS samples, {_parties(rule)} AS parties, {features}
        FROM {panes_view(rule.subject_type, rule.pane_seconds)}
    """


def _parties(rule: Rule) -> str:
    """Return who took part beside the subject: the users, where the rule counts them."""
    joined = (each.name for feature in rule.features for each in measured_of(rule, feature) if each.how is How.JOINED)
    return next(joined, "''")


def _feature(rule: Rule, feature: Feature) -> str:
    first, *others = (each.name for each in measured_of(rule, feature))
    match feature.measure:
        case Measure.SHARE:
            return f"ROUND(CAST({first} AS DOUBLE) / {others[0]}, 4)"
        case Measure.GAP_VARIATION:
            return gap_variation_sql(first, *others)
        case Measure.ACTIVE_SECONDS:
            return f"{rule.pane_seconds} * {first}"
        case _:
            return first


def _site_features(rule: Rule) -> str:
    features = ", ".join(f"{_SITE_COLUMNS[feature.measure]} AS `{feature.name}`" for feature in rule.features)
    return f"SELECT 'site' AS subject, rowtime, samples, parties, {features} FROM site_history"


def site_parts_sql(rule: Rule) -> str:
    """Return the view `site_parts`: the crowd in each pane in parts, no user counting for more than a few events.

    Who took part cannot be kept of a crowd without a bound. So of each part, a number that their name gives them, the
    user who was busiest without buying is kept; of several, one that differs from pane to pane.
    """
    events, buys = (measured.name for measured in site_measured(rule))
    busy = f"CONCAT(LPAD(CAST({events} AS STRING), 9, '0'), '|', first_sample, '|', user_id)"
    return f"""
        SELECT window_time AS rowtime, SUM(LEAST({events}, {CROWD_EVENTS_PER_USER})) AS crowd,
          SUM(LEAST({buys}, {CROWD_EVENTS_PER_USER})) AS buys,
          MIN(first_sample) AS first_sample, MAX(last_sample) AS last_sample,
          MAX(CASE WHEN {buys} = 0 THEN {busy} END) AS busiest
        FROM TABLE(TUMBLE(TABLE user_panes, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time, MOD(ABS(HASH_CODE(user_id)), {MAX_SUBJECTS})
    """


def site_panes_sql() -> str:
    """Return the view `site_panes`: what the crowd did in each pane, and the busiest of it who did not buy."""
    return f"""
        SELECT window_start, window_time AS rowtime, SUM(crowd) AS crowd, SUM(buys) AS buys,
          MIN(first_sample) AS first_sample, MAX(last_sample) AS last_sample,
          LISTAGG(SPLIT_INDEX(busiest, '|', 2)) AS parties
        FROM TABLE(TUMBLE(TABLE site_parts, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time
    """


def site_history_sql(rule: Rule) -> str:
    """Return the view `site_history`: the window judged beside the time before it, at the end of each pane.

    `usual` is what the baseline, the half hour before the window, would lead one to expect within the window.
    """
    whole = rule.window_seconds + BASELINE_SECONDS
    scale = f"* {float(rule.window_seconds)} / GREATEST(baseline_seconds, 1)"
    return f"""
        SELECT rowtime, samples, COALESCE(parties, '') AS parties, crowd, buys, baseline_seconds,
          (crowd_whole - crowd) {scale} AS usual, (buys_whole - buys) {scale} AS usual_buys
        FROM (
          SELECT *, LEAST({BASELINE_SECONDS},
            TIMESTAMPDIFF(SECOND, first_start, rowtime) + 1 - {rule.window_seconds}) AS baseline_seconds
          FROM (
            SELECT rowtime, samples, parties, crowd, buys, SUM(pane_crowd) OVER whole AS crowd_whole,
              SUM(pane_buys) OVER whole AS buys_whole, MIN(window_start) OVER whole AS first_start
            FROM (
              SELECT window_start, rowtime, crowd AS pane_crowd, buys AS pane_buys, parties,
                CONCAT(first_sample, ',', last_sample) AS samples,
                SUM(crowd) OVER judged AS crowd, SUM(buys) OVER judged AS buys
              FROM site_panes
              WINDOW judged AS (ORDER BY rowtime {_trailing(rule.window_seconds)})
            )
            WINDOW whole AS (ORDER BY rowtime {_trailing(whole)})
          )
        )
    """


def _trailing(window_seconds: int) -> str:
    """Return the range of the panes that make up a window ending with this one."""
    return f"RANGE BETWEEN {seconds(window_seconds - PANE_SECONDS)} PRECEDING AND CURRENT ROW"


def _condition(condition: Condition) -> str:
    operator = ">=" if condition.at_least is not None else "<"
    return f"`{condition.feature}` {operator} {condition.threshold}"


def _sentence(rule: Rule) -> str:
    """Return the rule's sentence as an expression: its text, with the features' values in their places."""
    constants = {"window_seconds": str(rule.window_seconds), "threshold": f"{rule.leading.threshold:g}"}
    parts: list[str] = []
    for text, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", rule.sentence):
        if text:
            parts.append(_literal(text))
        if name in constants:
            parts.append(_literal(constants[name]))
        elif name:
            parts.append(f"CAST(`{name}` AS STRING)")
    return f"CONCAT({', '.join(parts)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
