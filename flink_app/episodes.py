"""From crossings to incidents: an episode opens, is extended at most once a minute, and closes after a quiet gap.

All rules share these steps.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from commerce.incident import MAX_SAMPLES, MAX_SUBJECTS
from commerce.rules.rule import Rule
from commerce.sql.flink import instant_text, seconds

_EPISODE = "PARTITION BY rule, subject ORDER BY rowtime"
_ONE_EPISODE = "PARTITION BY rule, subject, opened_at ORDER BY rowtime"


def crossings_views(rules: Sequence[Rule], crossings: Callable[[Rule], str]) -> Iterator[tuple[str, str]]:
    """Yield name and query of the views of crossings, the moments at which a rule's conditions hold.

    There is one for each gap between episodes; `crossings` gives the query of one rule.
    """
    for gap_seconds, rules_with_it in _by_gap(rules).items():
        yield _crossings_view(gap_seconds), "\nUNION ALL\n".join(crossings(rule) for rule in rules_with_it)


def episodes_sql(rules: Sequence[Rule]) -> str:
    """Return the view `episodes`: each crossing with the start of its episode.

    An episode starts at a crossing that has none within the gap before it. Its start is the latest such crossing.
    """
    at = "CAST(rowtime AS TIMESTAMP(3))"
    crossings = " UNION ALL ".join(f"SELECT * FROM {_crossings_view(gap)}" for gap in _by_gap(rules))
    rested = _by_rule({rule.name: f"{at} > previous + {seconds(rule.gap_seconds)}" for rule in rules})
    return f"""
        SELECT *, MAX(CASE WHEN opens THEN {at} END) OVER ({_EPISODE}) AS opened_at
        FROM (
          SELECT *, previous IS NULL OR {rested} AS opens,
            FLOOR(previous TO MINUTE) <> FLOOR({at} TO MINUTE) AS grows
          FROM (SELECT *, LAG({at}) OVER ({_EPISODE}) AS previous FROM ({crossings}))
        )
    """


def incidents_sql(rules: Sequence[Rule]) -> str:
    """Return the rows of `incidents`: episodes as soon as they open or grow, and once they are over."""
    closing = (_closing_sql(rules_with_it, gap) for gap, rules_with_it in _by_gap(rules).items())
    return "\nUNION ALL\n".join((_progress_sql(rules), *closing))


def _progress_sql(rules: Sequence[Rule]) -> str:
    state = "CASE WHEN opens THEN 'open' ELSE 'extended' END"
    return f"""
        SELECT {_columns(rules, state=state, severity="severity", opened_at="opened_at", last_seen_at="rowtime")}
        FROM (
          SELECT *, LISTAGG(samples, ',') OVER ({_ONE_EPISODE}
            ROWS BETWEEN {MAX_SAMPLES // 2 - 1} PRECEDING AND CURRENT ROW) AS latest_samples
          FROM (
            SELECT *, {_severity(rules, "greatest")} AS severity
            FROM (SELECT *, MAX(`value`) OVER ({_ONE_EPISODE}) AS greatest FROM episodes)
          )
        )
        WHERE opens OR grows
    """


def _closing_sql(rules: Sequence[Rule], gap_seconds: int) -> str:
    severity, opened_at = _severity(rules, "`value`"), "window_start"
    columns = _columns(rules, state="'closed'", severity=severity, opened_at=opened_at, last_seen_at="last_seen_at")
    return f"""
        SELECT {columns}
        FROM (
          SELECT rule, subject, window_start, MAX(CAST(rowtime AS TIMESTAMP(3))) AS last_seen_at,
            MAX(`value`) AS `value`, {_latest("evidence")} AS evidence, {_latest("parties")} AS parties,
            {_latest("samples")} AS latest_samples, {_latest("sentence")} AS sentence
          FROM TABLE(SESSION(TABLE {_crossings_view(gap_seconds)} PARTITION BY (rule, subject), DESCRIPTOR(rowtime),
            {seconds(gap_seconds)}))
          GROUP BY rule, subject, window_start, window_end
        )
    """


def _by_gap(rules: Sequence[Rule]) -> dict[int, list[Rule]]:
    gaps = sorted({rule.gap_seconds for rule in rules})
    return {gap: [rule for rule in rules if rule.gap_seconds == gap] for gap in gaps}


def _crossings_view(gap_seconds: int) -> str:
    return f"crossings_{gap_seconds}"


def _latest(column: str) -> str:
    """Return the value of the latest row: merging windows know MAX but not LAST_VALUE, and MAX has no ties."""
    return f"SUBSTRING(MAX(CONCAT(DATE_FORMAT(rowtime, 'yyyyMMddHHmmssSSS'), {column})), 18)"


def _columns(rules: Sequence[Rule], *, state: str, severity: str, opened_at: str, last_seen_at: str) -> str:
    """Return the columns of INCIDENT_FIELDS, in their order."""
    opened = instant_text(opened_at)
    version = _by_rule({rule.name: f"CAST({rule.version} AS BIGINT)" for rule in rules})
    subject_type = _by_rule({rule.name: f"'{rule.subject_type}'" for rule in rules})
    window_seconds = _by_rule({rule.name: f"CAST({rule.window_seconds} AS BIGINT)" for rule in rules})
    threshold = _by_rule({rule.name: f"CAST({rule.leading.threshold} AS DOUBLE)" for rule in rules})
    return f"""'incident', SHA256(CONCAT_WS('|', rule, CAST({version} AS STRING), subject, {opened})), rule, {version},
          {subject_type}, subject, {state}, {severity}, {opened}, {instant_text(last_seen_at)}, {window_seconds},
          `value`, {threshold}, evidence, ARRAY_DISTINCT(SPLIT(latest_samples, ',')), sentence,
          CASE WHEN parties <> '' THEN ARRAY_SLICE(ARRAY_DISTINCT(SPLIT(parties, ',')), 1, {MAX_SUBJECTS}) END"""


def _severity(rules: Sequence[Rule], greatest: str) -> str:
    """Return the severity that the greatest value of the episode so far gives it: it rises and never falls."""
    return _by_rule({rule.name: _risen(rule, greatest) for rule in rules})


def _risen(rule: Rule, greatest: str) -> str:
    bounds = [(rise.times_threshold * rule.leading.threshold, rise.severity) for rise in reversed(rule.rises)]
    reached = " ".join(f"WHEN {greatest} >= {bound} THEN '{severity}'" for bound, severity in bounds)
    return f"CASE {reached} ELSE '{rule.severity}' END" if reached else f"'{rule.severity}'"


def _by_rule(expressions: Mapping[str, str]) -> str:
    """Return the expression that holds for the row's rule: what an incident repeats from it need not travel."""
    branches = " ".join(f"WHEN '{name}' THEN {expression}" for name, expression in expressions.items())
    return f"CASE rule {branches} END"
