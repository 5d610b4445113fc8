-- title: What shoppers did without a break, by day
-- good for: what the mart about behavioural risk is built from.
-- grain: One row a UTC day, user and stretch of it without a pause above $session_gap_minutes minutes.
-- period: day
-- reads: events
-- key: day user_id began_at
-- order: day, user_id, began_at
-- working: yes
-- column: day date: The UTC day of the events.
-- column: user_id string: The shopper.
-- column: began_at timestamp: Start of the $pane_seconds seconds with the first action.
-- column: ended_at timestamp: Start of the $pane_seconds seconds with the last one.
-- column: actions bigint: Events of every type.
-- column: night_actions bigint: Those from 00:00 until before 0$night_until_hour:00 by the shop's clock.
-- column: pauses bigint: Pauses between one action and the next that day, none of no length or beyond 15 minutes.
-- column: rushed_pauses bigint: Those in a rush: see shopper_risk.
-- column: purchases bigint: Products bought.
-- column: spent decimal(18,2): Sum of the prices of what was bought.
-- column: spent_squared decimal(38,4): Sum of the squares of these prices.
-- column: most_spent decimal(12,2): The highest of these prices; NULL if nothing was bought.
-- Behaviour is counted in panes of ten seconds, as the detector does. No pane lies in two hours, in any time zone.
WITH paused AS (
  SELECT
    event_day, user_id, event_time, event_type, price,
    CAST(FLOOR(
      DATE_DIFF('millisecond', TIMESTAMPTZ '1970-01-01 00:00:00+00:00', event_time) / $pane_ms
    ) AS BIGINT) AS pane,
    DATE_DIFF(
      'millisecond', LAG(event_time) OVER (PARTITION BY event_day, user_id ORDER BY event_time), event_time
    ) AS pause_ms
  FROM seen_events
), panes AS (
  SELECT
    event_day,
    user_id,
    pane,
    MIN(event_time) AS first_at,
    COUNT(*) AS actions,
    COUNT(CASE WHEN pause_ms BETWEEN 1 AND $longest_gap_ms THEN 1 END) AS pauses,
    COUNT(CASE WHEN pause_ms BETWEEN 1 AND $rolling_ms THEN 1 END) AS quick_pauses,
    COALESCE(SUM(CASE WHEN pause_ms BETWEEN 1 AND $rolling_ms THEN pause_ms END), 0) AS quick_ms,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price END) AS spent,
    SUM(CASE WHEN event_type = 'purchase' THEN CAST(price * price AS DECIMAL(28, 4)) END) AS spent_squared,
    MAX(CASE WHEN event_type = 'purchase' THEN price END) AS most_spent
  FROM paused
  GROUP BY event_day, user_id, pane
), rolling AS (
  SELECT
    *,
    SUM(quick_pauses) OVER (
      PARTITION BY event_day, user_id ORDER BY pane RANGE BETWEEN $rolling_panes_before PRECEDING AND CURRENT ROW
    ) AS rolling_pauses,
    SUM(quick_ms) OVER (
      PARTITION BY event_day, user_id ORDER BY pane RANGE BETWEEN $rolling_panes_before PRECEDING AND CURRENT ROW
    ) AS rolling_ms,
    LAG(pane) OVER (PARTITION BY event_day, user_id ORDER BY pane) AS pane_before
  FROM panes
), parted AS (
  SELECT
    *,
    MAX(CASE WHEN pane_before IS NULL OR pane - pane_before > $session_gap_panes THEN pane END) OVER (
      PARTITION BY event_day, user_id ORDER BY pane ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS begun
  FROM rolling
), told AS (
  SELECT
    parted.*,
    EXTRACT(HOUR FROM first_at AT TIME ZONE shop.time_zone) < $night_until_hour AS at_night
  FROM parted
  CROSS JOIN shop
)
SELECT
  event_day AS day,
  user_id,
  TO_TIMESTAMP(begun * $pane_seconds) AS began_at,
  TO_TIMESTAMP(MAX(pane) * $pane_seconds) AS ended_at,
  CAST(SUM(actions) AS BIGINT) AS actions,
  CAST(SUM(CASE WHEN at_night THEN actions ELSE 0 END) AS BIGINT) AS night_actions,
  CAST(SUM(pauses) AS BIGINT) AS pauses,
  CAST(SUM(
    CASE
      WHEN rolling_pauses >= $rolling_pauses_at_least AND rolling_ms < $rushed_gap_ms * rolling_pauses THEN quick_pauses
      ELSE 0
    END
  ) AS BIGINT) AS rushed_pauses,
  CAST(SUM(purchases) AS BIGINT) AS purchases,
  CAST(COALESCE(SUM(spent), 0) AS DECIMAL(18, 2)) AS spent,
  CAST(COALESCE(SUM(spent_squared), 0) AS DECIMAL(38, 4)) AS spent_squared,
  MAX(most_spent) AS most_spent
FROM told
GROUP BY event_day, user_id, begun
