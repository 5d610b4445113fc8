"""From events to crossings: each rule's features measured, and the moments at which all its conditions hold.

Every rule ends in the same columns, so that what follows treats all rules alike.
"""

from commerce.incident import MAX_SUBJECTS
from commerce.rules.rule import PANE_SECONDS, SUBJECT_FIELDS, Condition, Feature, Measure, Rule, Severity, SubjectType
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_BUYS_PER_USER, CROWD_EVENTS_PER_USER
from commerce.sql.flink import seconds
from commerce.sql.template import filled, literal
from flink_app.panes import How, measured_of, panes_view, site_measured

_SITE_COLUMNS = {
    Measure.CROWD_EVENTS: "crowd",
    Measure.CROWD_USUAL: "CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_EXCESS: "crowd - CAST(ROUND(usual, 0) AS BIGINT)",
    Measure.CROWD_TIMES_USUAL: "ROUND(crowd / GREATEST(usual, 1.0), 1)",
    Measure.EXCESS_BUYING_SHARE: "ROUND(GREATEST(buys - usual_buys, 0.0) / GREATEST(crowd - usual, 1.0), 4)",
    Measure.BASELINE_SECONDS: "baseline_seconds",
}


def crossings_sql(rule: Rule) -> str:
    """Return the crossings of one rule: all that an incident tells of one, its place in time, and the rule's gap."""
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
    value = f"CAST(`{rule.leading.feature}` AS DOUBLE)"
    columns = {
        "rule": ("STRING", literal(rule.name)),
        "rule_version": ("BIGINT", rule.version),
        "subject_type": ("STRING", literal(rule.subject_type)),
        "subject": ("STRING", "subject"),
        "severity": ("STRING", _severity(rule, value)),
        "window_seconds": ("BIGINT", rule.window_seconds),
        "gap_seconds": ("INT", rule.gap_seconds),
        "value": ("DOUBLE", value),
        "threshold": ("DOUBLE", rule.leading.threshold),
        "evidence": ("STRING", f"JSON_OBJECT({evidence})"),
        "samples": ("STRING", "samples"),
        "parties": ("STRING", "parties"),
        "sentence": ("STRING", _sentence(rule)),
    }
    # A literal's own type has its length. What is kept of crossings must be of one type, whichever rules there are.
    selected = ", ".join(f"CAST({expression} AS {type_}) AS `{name}`" for name, (type_, expression) in columns.items())
    return f"SELECT {selected}, rowtime FROM ({measured}) WHERE {conditions}"


def _pane_features(rule: Rule) -> str:
    features = ", ".join(f"{_feature(rule, each)} AS `{each.name}`" for each in rule.features)
    return f"""
        SELECT {SUBJECT_FIELDS[rule.subject_type]} AS subject, rowtime,
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
        case Measure.AGENTS:  # of nobody who named none is anything known: NULL meets no condition
            return f"NULLIF({first}, 0)"
        case _:
            return first


def _site_features(rule: Rule) -> str:
    features = ", ".join(f"{_SITE_COLUMNS[feature.measure]} AS `{feature.name}`" for feature in rule.features)
    return f"SELECT 'site' AS subject, rowtime, samples, parties, {features} FROM site_history"


def site_parts_sql(rule: Rule) -> str:
    """Return the view `site_parts`: the crowd in each pane in parts, no user counting for more than a few events.

    What of a user's buying counts is what the bound leaves of the window's, less what it left before this pane.

    Who took part cannot be kept of a crowd without a bound. So of each part, a number that their name gives them, the
    user who was busiest without buying is kept; of several, one that differs from pane to pane.
    """
    events, buys, all_buys = (measured.name for measured in site_measured(rule))
    most = CROWD_BUYS_PER_USER
    busy = f"CONCAT(LPAD(CAST({events} AS STRING), 9, '0'), '|', first_sample, '|', user_id)"
    return f"""
        SELECT window_time AS rowtime, SUM(LEAST({events}, {CROWD_EVENTS_PER_USER})) AS crowd,
          SUM(LEAST({all_buys}, {most}) - LEAST({all_buys} - {buys}, {most})) AS buys,
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

    `usual` is what the baseline, the half hour before the window, would lead one to expect within the window. A time
    in which nobody came is part of it; only what was before the first pane of all is unknown.
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
            SELECT rowtime, samples, parties, crowd, buys, first_start, SUM(pane_crowd) OVER whole AS crowd_whole,
              SUM(pane_buys) OVER whole AS buys_whole
            FROM (
              SELECT first_start, rowtime, crowd AS pane_crowd, buys AS pane_buys, parties,
                CONCAT(first_sample, ',', last_sample) AS samples,
                SUM(crowd) OVER judged AS crowd, SUM(buys) OVER judged AS buys
              FROM (SELECT *, MIN(window_start) OVER (ORDER BY rowtime) AS first_start FROM site_panes)
              WINDOW judged AS (ORDER BY rowtime {_trailing(rule.window_seconds)})
            )
            WINDOW whole AS (ORDER BY rowtime {_trailing(whole)})
          )
        )
    """


def _trailing(window_seconds: int) -> str:
    """Return the range of the panes that make up a window ending with this one."""
    return f"RANGE BETWEEN {seconds(window_seconds - PANE_SECONDS)} PRECEDING AND CURRENT ROW"


def _severity(rule: Rule, value: str) -> str:
    """Return the severity that the value gives, behind its rank: of an episode's, the greatest text is the severest."""
    bounds = [(rise.times_threshold * rule.leading.threshold, rise.severity) for rise in reversed(rule.rises)]
    reached = " ".join(f"WHEN {value} >= {bound} THEN {_ranked(severity)}" for bound, severity in bounds)
    return f"CASE {reached} ELSE {_ranked(rule.severity)} END" if reached else _ranked(rule.severity)


def _ranked(severity: Severity) -> str:
    return literal(f"{list(Severity).index(severity)}{severity}")


def _condition(condition: Condition) -> str:
    operator = ">=" if condition.at_least is not None else "<"
    return f"`{condition.feature}` {operator} {condition.threshold}"


def _sentence(rule: Rule) -> str:
    """Return the rule's sentence as an expression: its text, with the features' values in their places."""
    names = ("subject", *(feature.name for feature in rule.features))
    expressions = {name: f"CAST(`{name}` AS STRING)" for name in names}
    expressions |= {"window": literal(rule.window), "threshold": literal(f"{rule.leading.threshold:.15g}")}
    return f"CONCAT({', '.join(filled(rule.sentence, expressions))})"
