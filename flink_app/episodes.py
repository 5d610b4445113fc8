"""From crossings to incidents: an episode opens, is extended at most once a minute, and closes after a quiet gap.

All rules share these steps, which know none of them: a crossing carries what is its rule's. So another set of rules is
the same plan, and a snapshot of one fits the other.
"""

from collections.abc import Callable, Iterator, Sequence

from commerce.incident import MAX_SAMPLES, MAX_SUBJECTS
from commerce.rules.rule import Rule
from commerce.sql.flink import instant_text, seconds

_AT = "CAST(rowtime AS TIMESTAMP(3))"
_EPISODE = "PARTITION BY rule, subject ORDER BY rowtime"
_ONE_EPISODE = "PARTITION BY rule, subject, opened_at ORDER BY rowtime"
# The same in every crossing of an episode.
_OF_THE_RULE = ("rule_version", "subject_type", "window_seconds", "threshold")


def crossings_views(rules: Sequence[Rule], crossings: Callable[[Rule], str]) -> Iterator[tuple[str, str]]:
    """Yield name and query of the views of crossings, the moments at which a rule's conditions hold.

    There is one for each gap between episodes; `crossings` gives the query of one rule.
    """
    for gap_seconds in _gaps(rules):
        of_gap = (crossings(rule) for rule in rules if rule.gap_seconds == gap_seconds)
        yield _crossings_view(gap_seconds), "\nUNION ALL\n".join(of_gap)


def steps_sql(rules: Sequence[Rule]) -> str:
    """Return the view `steps`: each crossing, whether it opens an episode, and whether it is to be told of one.

    A crossing opens an episode if there is none within the gap before it.
    """
    crossings = " UNION ALL ".join(f"SELECT * FROM {_crossings_view(gap)}" for gap in _gaps(rules))
    return f"""
        SELECT *, previous IS NULL OR {_AT} > TIMESTAMPADD(SECOND, gap_seconds, previous) AS opens,
          FLOOR(previous TO MINUTE) <> FLOOR({_AT} TO MINUTE) AS grows
        FROM (SELECT *, LAG({_AT}) OVER ({_EPISODE}) AS previous FROM ({crossings}))
    """


def episodes_sql() -> str:
    """Return the view `episodes`: each step with the start of its episode, the latest that opened one."""
    return f"SELECT *, MAX(CASE WHEN opens THEN {_AT} END) OVER ({_EPISODE}) AS opened_at FROM steps"


def risen_sql() -> str:
    """Return the view `risen`: each step of an episode with the severest that there was: it rises and never falls."""
    return f"SELECT *, MAX(severity) OVER ({_ONE_EPISODE}) AS severest FROM episodes"


def incidents_sql(rules: Sequence[Rule]) -> str:
    """Return the rows of `incidents`: episodes as soon as they open or grow, and once they are over."""
    return "\nUNION ALL\n".join((_progress_sql(), *map(_closing_sql, _gaps(rules))))


def _progress_sql() -> str:
    state = "CASE WHEN opens THEN 'open' ELSE 'extended' END"
    return f"""
        SELECT {_columns(state=state, severity="severest", opened_at="opened_at", last_seen_at="rowtime")}
        FROM (
          SELECT *, LISTAGG(samples, ',') OVER ({_ONE_EPISODE}
            ROWS BETWEEN {MAX_SAMPLES // 2 - 1} PRECEDING AND CURRENT ROW) AS latest_samples
          FROM risen
        )
        WHERE opens OR grows
    """


def _closing_sql(gap_seconds: int) -> str:
    columns = _columns(state="'closed'", severity="severity", opened_at="window_start", last_seen_at="last_seen_at")
    of_the_rule = ", ".join(f"MAX({name}) AS {name}" for name in _OF_THE_RULE)
    return f"""
        SELECT {columns}
        FROM (
          SELECT rule, subject, window_start, MAX(CAST(rowtime AS TIMESTAMP(3))) AS last_seen_at, {of_the_rule},
            MAX(`value`) AS `value`, MAX(severity) AS severity, {_latest("evidence")} AS evidence,
            {_latest("parties")} AS parties, {_latest("samples")} AS latest_samples, {_latest("sentence")} AS sentence
          FROM TABLE(SESSION(TABLE {_crossings_view(gap_seconds)} PARTITION BY (rule, subject), DESCRIPTOR(rowtime),
            {seconds(gap_seconds)}))
          GROUP BY rule, subject, window_start, window_end
        )
    """


def _gaps(rules: Sequence[Rule]) -> list[int]:
    return sorted({rule.gap_seconds for rule in rules})


def _crossings_view(gap_seconds: int) -> str:
    return f"crossings_{gap_seconds}"


def _latest(column: str) -> str:
    """Return the value of the latest row: merging windows know MAX but not LAST_VALUE, and MAX has no ties."""
    return f"SUBSTRING(MAX(CONCAT(DATE_FORMAT(rowtime, 'yyyyMMddHHmmssSSS'), {column})), 18)"


def _columns(*, state: str, severity: str, opened_at: str, last_seen_at: str) -> str:
    """Return the columns of INCIDENT_FIELDS, in their order."""
    opened = instant_text(opened_at)
    return f"""'incident', SHA256(CONCAT_WS('|', rule, CAST(rule_version AS STRING), subject, {opened})), rule,
          rule_version, subject_type, subject, {state}, SUBSTRING({severity}, 2), {opened},
          {instant_text(last_seen_at)}, window_seconds, `value`, threshold, evidence,
          ARRAY_DISTINCT(SPLIT(latest_samples, ',')), sentence,
          CASE WHEN parties <> '' THEN ARRAY_SLICE(ARRAY_DISTINCT(SPLIT(parties, ',')), 1, {MAX_SUBJECTS}) END"""
