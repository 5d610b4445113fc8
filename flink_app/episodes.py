"""From crossings to incidents: an episode opens, is extended at most once a minute, and closes after a quiet gap."""

from collections.abc import Sequence

from commerce.rules.rule import Rule
from commerce.sql.flink import instant_text, seconds

MAX_SAMPLES = 20


def progress_sql(rule: Rule) -> str:
    """Return the open and extended states of one rule's episodes, as soon as they are known.

    An episode starts at a crossing that has none within the gap before it. Its start is the latest such crossing.
    """
    return f"""
        SELECT {
        _columns(
            rule,
            state="CASE WHEN opens THEN 'open' ELSE 'extended' END",
            opened_at="opened_at",
            last_seen_at="CAST(rowtime AS TIMESTAMP(3))",
        )
    }
        FROM (
          SELECT subject, rowtime, `value`, evidence, sentence, opens, grows, opened_at,
            LISTAGG(samples, ',') OVER (PARTITION BY subject, opened_at ORDER BY rowtime
              ROWS BETWEEN {MAX_SAMPLES - 1} PRECEDING AND CURRENT ROW) AS samples
          FROM (
            SELECT subject, rowtime, evidence, sentence, samples, opens, grows, opened_at,
              MAX(`value`) OVER (PARTITION BY subject, opened_at ORDER BY rowtime) AS `value`
            FROM ({_episodes(rule)})
          )
        )
        WHERE opens OR grows
    """


def closing_sql(rule: Rule) -> str:
    """Return the closed state of one rule's episodes, once the gap has passed without another crossing."""
    return f"""
        SELECT {_columns(rule, state="'closed'", opened_at="window_start", last_seen_at="last_seen_at")}
        FROM (
          SELECT subject, window_start, MAX(CAST(rowtime AS TIMESTAMP(3))) AS last_seen_at, MAX(`value`) AS `value`,
            {_latest("evidence")} AS evidence, {_latest("samples")} AS samples, {_latest("sentence")} AS sentence
          FROM TABLE(SESSION(TABLE crossings_{rule.name} PARTITION BY subject, DESCRIPTOR(rowtime),
            {seconds(rule.episode_gap_seconds)}))
          GROUP BY subject, window_start, window_end
        )
    """


def _latest(column: str) -> str:
    """Return the value of the latest row: merging windows know MAX but not LAST_VALUE, and MAX has no ties."""
    return f"SUBSTRING(MAX(CONCAT(DATE_FORMAT(rowtime, 'yyyyMMddHHmmssSSS'), {column})), 18)"


def incidents_sql(rules: Sequence[Rule]) -> str:
    """Return all rows of `incidents`."""
    return "\nUNION ALL\n".join(query for rule in rules for query in (progress_sql(rule), closing_sql(rule)))


def _episodes(rule: Rule) -> str:
    return f"""
        SELECT *, MAX(CASE WHEN opens THEN CAST(rowtime AS TIMESTAMP(3)) END)
            OVER (PARTITION BY subject ORDER BY rowtime) AS opened_at
        FROM (
          SELECT *,
            previous IS NULL OR TIMESTAMPDIFF(SECOND, previous, rowtime) > {rule.episode_gap_seconds} AS opens,
            FLOOR(previous TO MINUTE) <> FLOOR(CAST(rowtime AS TIMESTAMP(3)) TO MINUTE) AS grows
          FROM (
            SELECT *, LAG(CAST(rowtime AS TIMESTAMP(3))) OVER (PARTITION BY subject ORDER BY rowtime) AS previous
            FROM crossings_{rule.name}
          )
        )
    """


def _columns(rule: Rule, *, state: str, opened_at: str, last_seen_at: str) -> str:
    """Return the columns of INCIDENT_FIELDS, in their order."""
    opened = instant_text(opened_at)
    return f"""'incident',
          SHA256(CONCAT_WS('|', '{rule.name}', '{rule.version}', subject, {opened})),
          '{rule.name}', CAST({rule.version} AS BIGINT), '{rule.subject_type}', subject, {state}, '{rule.severity}',
          {opened}, {instant_text(last_seen_at)}, CAST({rule.window_seconds} AS BIGINT), `value`,
          CAST({rule.leading.threshold} AS DOUBLE), evidence, SPLIT(samples, ','), sentence"""
