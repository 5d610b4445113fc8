-- title: Shoppers who may need care
-- good for: protecting people from themselves or others: who buys in haste, at unusual hours, exhausted or erratically.
-- grain: One row a user's session, what was done without a pause above $session_gap_minutes minutes, on the UTC day it began.
-- period: day
-- days before: $days_before
-- days after: 1
-- alike: user_id
-- reads: shopper_stretches
-- key: day user_id began_at
-- order: day, risk DESC, user_id, began_at
-- column: day date: The UTC day of the first action.
-- column: user_id string: The shopper.
-- column: began_at timestamp: Start of the $pane_seconds seconds with the first action.
-- column: ended_at timestamp: Start of the $pane_seconds seconds with the last one.
-- column: risk_class string: $classes.
-- column: risk double: 0 to 1, all signs together: elevated from $elevated_from, high from $high_from; no sign is high alone.
-- column: sentences string: What speaks for it, in words; of too little evidence, what there is too little of.
-- column: impulsivity double: 0 to 1: $impulsivity_meaning. NULL: too little evidence.
-- column: nocturnal double: 0 to 1: $nocturnal_meaning. NULL: too little evidence.
-- column: fatigue double: 0 to 1: $fatigue_meaning.
-- column: volatility double: 0 to 1: $volatility_meaning. NULL: too little evidence.
-- column: actions bigint: Events of every type.
-- column: night_actions bigint: Those from 00:00 until before 0$night_until_hour:00 by the shop's clock.
-- column: pauses bigint: Pauses between one action and the next, none of no length, beyond 15 minutes or across midnight UTC.
-- column: rushed_pauses bigint: Those of them in a rush.
-- column: purchases bigint: Products bought.
-- column: spent decimal(18,2): Sum of the prices of what was bought.
-- The habit are the user's sessions that ended in the $habit_days days before this one did. A stretch that begins soon after
-- midnight goes on with the one before; a session of more than two days, which is no person's, may be cut.
WITH joined AS (
  SELECT
    *,
    LAG(ended_at) OVER (PARTITION BY user_id ORDER BY began_at) AS ended_before
  FROM seen_shopper_stretches
), begun AS (
  SELECT
    *,
    MAX(
      CASE
        WHEN ended_before IS NULL OR DATE_DIFF('millisecond', ended_before, began_at) > $session_gap_ms THEN began_at
      END
    ) OVER (PARTITION BY user_id ORDER BY began_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_began_at
  FROM joined
), held AS (
  SELECT
    user_id,
    session_began_at AS began_at,
    MAX(ended_at) AS ended_at,
    CAST(FLOOR(
      DATE_DIFF('millisecond', TIMESTAMPTZ '1970-01-01 00:00:00+00:00', MAX(ended_at)) / $pane_ms
    ) AS BIGINT) AS last_pane,
    CAST(FLOOR(DATE_DIFF('millisecond', session_began_at, MAX(ended_at)) / 1000) AS BIGINT) AS lasting_seconds,
    CAST(SUM(actions) AS BIGINT) AS actions,
    CAST(SUM(night_actions) AS BIGINT) AS night_actions,
    CAST(SUM(pauses) AS BIGINT) AS pauses,
    CAST(SUM(rushed_pauses) AS BIGINT) AS rushed_pauses,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(spent) AS DECIMAL(18, 2)) AS spent,
    CAST(SUM(spent_squared) AS DECIMAL(38, 4)) AS spent_squared,
    MAX(most_spent) AS most_spent
  FROM begun
  GROUP BY user_id, session_began_at
), compared AS (
  SELECT
    *,
    SUM(actions) OVER habit AS usual_actions,
    SUM(night_actions) OVER habit AS usual_night_actions,
    SUM(purchases) OVER habit AS usual_purchases,
    SUM(spent) OVER habit AS usual_spent
  FROM held
  WINDOW habit AS (PARTITION BY user_id ORDER BY last_pane RANGE BETWEEN $habit_panes PRECEDING AND 1 PRECEDING)
), measured AS (
  SELECT *, $measures
  FROM compared
), scored AS (
  SELECT *, $scores
  FROM measured
), weighed AS (
  SELECT *, $risk
  FROM scored
), judged AS (
  SELECT *, $class
  FROM weighed
)
SELECT
  CAST(began_at AS DATE) AS day,
  user_id,
  began_at,
  ended_at,
  risk_class,
  risk,
  sentences,
  impulsivity,
  nocturnal,
  fatigue,
  volatility,
  actions,
  night_actions,
  pauses,
  rushed_pauses,
  purchases,
  spent
FROM judged
