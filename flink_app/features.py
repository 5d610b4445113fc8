"""From events to crossings: each rule's features measured, and the moments at which all its conditions hold.

Every rule ends in the same columns, so that what follows treats all rules alike.
"""

import re

from commerce.rules.rule import Condition, Feature, Measure, Rule, SubjectType
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_EVENTS_PER_USER
from commerce.sql.flink import seconds

PANE_SECONDS = 10

_SITE_COLUMNS = {
    Measure.CROWD_EVENTS: "crowd",
    Measure.CROWD_USUAL: "CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_EXCESS: "crowd - CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_TIMES_USUAL: "ROUND(crowd / GREATEST(usual, 1.0), 1)",
    Measure.EXCESS_BUYING_SHARE: "ROUND(GREATEST(buys - usual_buys, 0.0) / GREATEST(crowd - usual, 1.0), 4)",
    Measure.BASELINE_SECONDS: "baseline_seconds",
}


def crossings_sql(rule: Rule) -> str:
    """Return the crossings of one rule: rule, subject, rowtime, value, evidence, samples, sentence."""
    evidence = ", ".join(f"KEY '{feature.name}' VALUE {feature.name}" for feature in rule.features)
    conditions = " AND ".join(_condition(condition) for condition in rule.conditions)
    return f"""
        SELECT '{rule.name}' AS rule, subject, rowtime, CAST({rule.leading.feature} AS DOUBLE) AS `value`,
          JSON_OBJECT({evidence}) AS evidence, samples, {_sentence(rule)} AS sentence
        FROM ({_measured(rule)}) WHERE {conditions}
    """


def _measured(rule: Rule) -> str:
    return _user_features(rule) if rule.subject_type is SubjectType.USER else _site_features(rule)


def _user_features(rule: Rule) -> str:
    features = ", ".join(f"{_count(feature)} OVER recent AS {feature.name}" for feature in rule.features)
    return f"""
        SELECT user_id AS subject, rowtime, event_id AS samples, {features} FROM on_time
        WINDOW recent AS (PARTITION BY user_id ORDER BY rowtime
          {_trailing(rule.window_seconds)})
    """


def _count(feature: Feature) -> str:
    column = "product_id" if feature.measure is Measure.PRODUCTS else "event_id"
    if not feature.event_types:
        return f"COUNT(DISTINCT {column})"
    types = ", ".join(f"'{name}'" for name in feature.event_types)
    return f"COUNT(DISTINCT CASE WHEN event_type IN ({types}) THEN {column} END)"


def _trailing(window_seconds: int) -> str:
    """Return the range of a window that ends now: one millisecond short, since both its ends belong to it."""
    return f"RANGE BETWEEN {seconds(window_seconds - 0.001)} PRECEDING AND CURRENT ROW"


def _site_features(rule: Rule) -> str:
    features = ", ".join(f"{_SITE_COLUMNS[feature.measure]} AS {feature.name}" for feature in rule.features)
    return f"SELECT 'site' AS subject, rowtime, samples, {features} FROM site_history"


def user_panes_sql(buying: tuple[str, ...]) -> str:
    """Return the view `user_panes`: what each user did in each ten seconds."""
    types = ", ".join(f"'{name}'" for name in buying)
    return f"""
        SELECT window_start, window_end, window_time, user_id, COUNT(DISTINCT event_id) AS events,
          COUNT(DISTINCT event_id) FILTER (WHERE event_type IN ({types})) AS buys, MIN(event_id) AS sample
        FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time, user_id
    """


def site_panes_sql() -> str:
    """Return the view `site_panes`: what the crowd did in each ten seconds, no user counting for more than a few."""
    return f"""
        SELECT window_start, window_time AS rowtime,
          SUM(LEAST(events, {CROWD_EVENTS_PER_USER})) AS crowd, SUM(LEAST(buys, {CROWD_EVENTS_PER_USER})) AS buys,
          MIN(sample) AS first_sample, MAX(sample) AS last_sample
        FROM user_panes GROUP BY window_start, window_end, window_time
    """


def site_history_sql(rule: Rule) -> str:
    """Return the view `site_history`: the window judged beside the time before it, at the end of each pane.

    `usual` is what the baseline, the half hour before the window, would lead one to expect within the window.
    """
    whole = rule.window_seconds + BASELINE_SECONDS
    scale = f"* {float(rule.window_seconds)} / GREATEST(baseline_seconds, 1)"
    return f"""
        SELECT rowtime, samples, crowd, buys, baseline_seconds,
          (crowd_whole - crowd) {scale} AS usual, (buys_whole - buys) {scale} AS usual_buys
        FROM (
          SELECT *, LEAST({BASELINE_SECONDS},
            TIMESTAMPDIFF(SECOND, first_start, rowtime) + 1 - {rule.window_seconds}) AS baseline_seconds
          FROM (
            SELECT rowtime, samples, crowd, buys, SUM(pane_crowd) OVER whole AS crowd_whole,
              SUM(pane_buys) OVER whole AS buys_whole, MIN(window_start) OVER whole AS first_start
            FROM (
              SELECT window_start, rowtime, crowd AS pane_crowd, buys AS pane_buys,
                CONCAT(first_sample, ',', last_sample) AS samples,
                SUM(crowd) OVER judged AS crowd, SUM(buys) OVER judged AS buys
              FROM site_panes
              WINDOW judged AS (ORDER BY rowtime {_trailing(rule.window_seconds)})
            )
            WINDOW whole AS (ORDER BY rowtime {_trailing(whole)})
          )
        )
    """


def _condition(condition: Condition) -> str:
    operator = ">=" if condition.at_least is not None else "<"
    return f"{condition.feature} {operator} {condition.threshold}"


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
            parts.append(f"CAST({name} AS STRING)")
    return f"CONCAT({', '.join(parts)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
