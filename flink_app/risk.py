"""From panes to signals of behavioural risk: each person's session, compared with the four weeks before it.

The definitions are those of `commerce.risk`, and the numbers those of the mart `shopper_risk`. Sessions are made of
panes, so that of all events only the purchases are looked at again: an amount must not count twice where an event is
sent again.
"""

from commerce.risk.signs import (
    HABIT_DAYS,
    NIGHT_UNTIL_HOUR,
    ROLLING_PAUSES_AT_LEAST,
    ROLLING_SECONDS,
    RUSHED_GAP_MS,
    SESSION_GAP_SECONDS,
    RiskClass,
)
from commerce.risk.sql import class_sql, measures_sql, risk_sql, scores_sql
from commerce.rules.rule import PANE_SECONDS
from commerce.sql.flink import instant_text, seconds
from flink_app.panes import GAPS, QUICK_GAP_MS, QUICK_GAPS, Column, How, Measured

# What the users' panes must tell.
_ACTIONS = Measured(How.SUM, Column("actions", "event_id"), PANE_SECONDS)
_PAUSES = Measured(How.SUM, GAPS, PANE_SECONDS)
_QUICK = Measured(How.SUM, QUICK_GAPS, PANE_SECONDS)
_ROLLING = Measured(How.SUM, QUICK_GAPS, ROLLING_SECONDS)
_ROLLING_MS = Measured(How.SUM, QUICK_GAP_MS, ROLLING_SECONDS)
PACE = (_ACTIONS, _PAUSES, _QUICK, _ROLLING, _ROLLING_MS)
_TOLD = ", ".join(f"'{risk_class}'" for risk_class in (RiskClass.ELEVATED, RiskClass.HIGH))


def purchases_sql() -> str:
    """Return the view `purchases`: the events whose price is an amount paid."""
    return "SELECT rowtime, user_id, event_id, price FROM on_time WHERE event_type = 'purchase'"


def deeds_sql(time_zone: str) -> str:
    """Return the view `deeds`: what people did pane by pane, and beside it what they paid, each event once."""
    at_night = f"CASE WHEN {_at_night(time_zone)} THEN {_ACTIONS.name} ELSE 0 END"
    rolling = f"{_ROLLING.name} >= {ROLLING_PAUSES_AT_LEAST}"
    rushed = f"{rolling} AND {_ROLLING_MS.name} < {RUSHED_GAP_MS} * {_ROLLING.name}"
    return f"""
        SELECT rowtime, user_id, {_ACTIONS.name} AS actions, {at_night} AS night_actions, {_PAUSES.name} AS pauses,
          CASE WHEN {rushed} THEN {_QUICK.name} ELSE 0 END AS rushed_pauses, CAST(NULL AS DECIMAL(12, 2)) AS paid
        FROM user_panes
        UNION ALL
        SELECT window_time, user_id, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
          MIN(price)
        FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(rowtime), {seconds(PANE_SECONDS)}))
        GROUP BY window_start, window_end, window_time, user_id, event_id
    """


def scored_sql() -> str:
    """Return the view `scored_sessions`: each session when it is over, with the sub-scores of its signs.

    A plan that went on from here would write out each score wherever it is used, and those within it: its planning
    would not come to an end.
    """
    return f"SELECT *, {scores_sql()} FROM (SELECT *, {measures_sql()} FROM ({_compared_sql()}))"


def risks_sql() -> str:
    """Return the rows of `risks`: sessions that are over and gave reason to take care, in the order of RISK_FIELDS."""
    began_at = instant_text(f"window_start - {seconds(PANE_SECONDS - 0.001)}")
    ended_at = instant_text(f"last_rowtime - {seconds(PANE_SECONDS - 0.001)}")
    return f"""
        SELECT 'risk', SHA256(CONCAT_WS('|', user_id, {began_at})), user_id, {began_at}, {ended_at}, risk_class, risk,
          sentences, impulsivity, nocturnal, fatigue, volatility, actions, night_actions, pauses, rushed_pauses,
          purchases
        FROM (SELECT *, {class_sql()} FROM (SELECT *, {risk_sql()} FROM scored_sessions))
        WHERE risk_class IN ({_TOLD})
    """


def _compared_sql() -> str:
    """Return the sessions beside those of the same user that ended within the time of a habit before."""
    usual = ", ".join(
        f"SUM({name}) OVER habit - {name} AS usual_{name}"
        for name in ("actions", "night_actions", "purchases", "spent")
    )
    return f"""
        SELECT *, TIMESTAMPDIFF(SECOND, window_start, last_rowtime) AS lasting_seconds, {usual}
        FROM (
          SELECT user_id, window_start, window_time AS rowtime, MAX(CAST(rowtime AS TIMESTAMP(3))) AS last_rowtime,
            SUM(actions) AS actions, SUM(night_actions) AS night_actions, SUM(pauses) AS pauses,
            SUM(rushed_pauses) AS rushed_pauses, COUNT(paid) AS purchases, COALESCE(SUM(paid), 0) AS spent,
            COALESCE(SUM(paid * paid), 0) AS spent_squared, MAX(paid) AS most_spent
          FROM TABLE(SESSION(TABLE deeds PARTITION BY user_id, DESCRIPTOR(rowtime), {seconds(SESSION_GAP_SECONDS)}))
          GROUP BY user_id, window_start, window_end, window_time
        )
        WINDOW habit AS (PARTITION BY user_id ORDER BY rowtime
          RANGE BETWEEN {seconds(HABIT_DAYS * 86_400)} PRECEDING AND CURRENT ROW)
    """


def _at_night(time_zone: str) -> str:
    """Return whether a pane lies in the night of that zone; no pane lies in two hours, whatever the zone."""
    if time_zone == "UTC":
        return f"HOUR(CAST(rowtime AS TIMESTAMP(3))) < {NIGHT_UNTIL_HOUR}"
    there = f"CONVERT_TZ(DATE_FORMAT(rowtime, 'yyyy-MM-dd HH:mm:ss'), 'UTC', '{time_zone}')"
    return f"CAST(SUBSTRING({there}, 12, 2) AS INT) < {NIGHT_UNTIL_HOUR}"
