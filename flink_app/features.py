"""From events to crossings: each rule's features measured, and the moments at which all its conditions hold.

Every rule ends in the same columns, so that what follows treats all rules alike.
"""

import re
from collections.abc import Iterator, Sequence

from commerce.incident import MAX_SUBJECTS
from commerce.rules.rule import PANE_SECONDS, Condition, Feature, Measure, Rule, SubjectType
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_EVENTS_PER_USER
from commerce.sql.flink import seconds
from flink_app.panes import NEW, SUBJECT_COLUMNS, pane_columns, panes_view, trailing

_SITE_COLUMNS = {
    Measure.CROWD_EVENTS: "crowd",
    Measure.CROWD_USUAL: "CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_EXCESS: "crowd - CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_TIMES_USUAL: "ROUND(crowd / GREATEST(usual, 1.0), 1)",
    Measure.EXCESS_BUYING_SHARE: "ROUND(GREATEST(buys - usual_buys, 0.0) / GREATEST(crowd - usual, 1.0), 4)",
    Measure.BASELINE_SECONDS: "baseline_seconds",
}
_OF_HABIT = frozenset((Measure.EARLIER_EVENTS, *NEW))
# The standard deviation of the pauses over their mean. The sums are whole numbers, so that no order of adding shows.
_GAP_VARIATION = """
    CASE WHEN COALESCE(SUM(gap_ms) OVER recent, 0) = 0 THEN 1.0 ELSE ROUND(SQRT(GREATEST(
      CAST(SUM(gaps) OVER recent AS DOUBLE) * CAST(SUM(gap_ms_squared) OVER recent AS DOUBLE)
      - POWER(CAST(SUM(gap_ms) OVER recent AS DOUBLE), 2), 0.0
    )) / CAST(SUM(gap_ms) OVER recent AS DOUBLE), 4) END"""


def crossings_sql(rule: Rule) -> str:
    """Return the crossings of one rule: rule, subject, rowtime, value, evidence, samples, parties, sentence."""
    return crossings_of(rule, _site_features(rule) if rule.subject_type is SubjectType.SITE else _pane_features(rule))


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
    subject = SUBJECT_COLUMNS[rule.subject_type]
    of_habit = [feature for feature in rule.features if feature.measure in _OF_HABIT]
    features = [f"{_over_panes(rule, each)} AS `{each.name}`" for each in rule.features if each not in of_habit]
    kept = {column for feature in of_habit for column in _habit_columns(feature)}
    measured = f"""
        SELECT {subject} AS subject, rowtime, CONCAT(first_sample, ',', last_sample) AS samples,
          {_parties(rule)} AS parties, {", ".join((*features, *sorted(kept)))}
        FROM {panes_view(rule.subject_type, rule.pane_seconds)}
        WINDOW recent AS (PARTITION BY {subject} ORDER BY rowtime {trailing(rule.window_seconds, rule.pane_seconds)})
    """
    return _beside_habit(rule, of_habit, measured) if of_habit else measured


def _habit_columns(feature: Feature) -> Iterator[str]:
    """Yield what of a pane and of the window is needed to tell a habit: of both together, the rest is before."""
    for column in pane_columns(feature):
        whole = f"{_joined(column.name)} OVER recent" if feature.measure in NEW else f"SUM({column.name}) OVER recent"
        yield column.name
        yield f"{whole} AS recent_{column.name}"


def _beside_habit(rule: Rule, of_habit: Sequence[Feature], measured: str) -> str:
    """Return what was measured over the window, beside what the subject did in the time before it."""
    features = ", ".join(f"{_over_habit(feature)} AS `{feature.name}`" for feature in of_habit)
    return f"""
        SELECT *, {features} FROM ({measured})
        WINDOW habit AS (PARTITION BY subject ORDER BY rowtime {trailing(rule.habit_seconds, rule.pane_seconds)})
    """


def _over_habit(feature: Feature) -> str:
    (column,) = (column.name for column in pane_columns(feature))
    if feature.measure not in NEW:
        return f"SUM({column}) OVER habit - recent_{column}"
    # Panes are joined in the order of their times, so that the window's are at the end.
    whole = f"{_joined(column)} OVER habit"
    before = f"SUBSTRING({whole}, 1, CHAR_LENGTH({whole}) - CHAR_LENGTH(recent_{column}))"
    return f"COALESCE(CARDINALITY(ARRAY_EXCEPT({_different(f'recent_{column}')}, {_different(before)})), 0)"


def _joined(column: str) -> str:
    return f"LISTAGG({column}, ',')"


def _different(joined: str) -> str:
    return f"ARRAY_DISTINCT(SPLIT({joined}, ','))"


def _parties(rule: Rule) -> str:
    """Return who took part beside the subject: the users, where the rule counts them."""
    users = (feature for feature in rule.features if feature.measure is Measure.USERS)
    lists = [column.name for feature in users for column in pane_columns(feature)]
    return f"COALESCE({_joined(lists[0])} OVER recent, '')" if lists else "''"


def _over_panes(rule: Rule, feature: Feature) -> str:
    columns = [column.name for column in pane_columns(feature)]
    match feature.measure:
        case Measure.EVENTS:
            return f"SUM({columns[0]}) OVER recent"
        case Measure.SHARE:
            return f"ROUND(CAST(SUM({columns[0]}) OVER recent AS DOUBLE) / SUM(events) OVER recent, 4)"
        case Measure.GAPS:
            return "SUM(gaps) OVER recent"
        case Measure.GAP_VARIATION:
            return _GAP_VARIATION
        case Measure.ACTIVE_SECONDS:
            return f"{rule.pane_seconds} * COUNT(*) OVER recent"
        case _:
            return f"COALESCE(CARDINALITY({_different(f'{_joined(columns[0])} OVER recent')}), 0)"


def _site_features(rule: Rule) -> str:
    features = ", ".join(f"{_SITE_COLUMNS[feature.measure]} AS `{feature.name}`" for feature in rule.features)
    return f"SELECT 'site' AS subject, rowtime, samples, parties, {features} FROM site_history"


def site_parts_sql(rule: Rule) -> str:
    """Return the view `site_parts`: the crowd in each pane in parts, no user counting for more than a few events.

    Who took part cannot be kept of a crowd without a bound. So of each part, a number that their name gives them, the
    user who was busiest without buying is kept; of several, one that differs from pane to pane.
    """
    (buying,) = (feature for feature in rule.features if feature.measure is Measure.EXCESS_BUYING_SHARE)
    (buys,) = pane_columns(Feature(name="buys", measure=Measure.EVENTS, event_types=buying.event_types))
    busy = "CONCAT(LPAD(CAST(events AS STRING), 9, '0'), '|', first_sample, '|', user_id)"
    return f"""
        SELECT window_time AS rowtime, SUM(LEAST(events, {CROWD_EVENTS_PER_USER})) AS crowd,
          SUM(LEAST({buys.name}, {CROWD_EVENTS_PER_USER})) AS buys,
          MIN(first_sample) AS first_sample, MAX(last_sample) AS last_sample,
          MAX(CASE WHEN {buys.name} = 0 THEN {busy} END) AS busiest
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
              WINDOW judged AS (ORDER BY rowtime {trailing(rule.window_seconds)})
            )
            WINDOW whole AS (ORDER BY rowtime {trailing(whole)})
          )
        )
    """


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
