-- title: Frequent visitors
-- good for: knowing the regulars: who keeps coming, how often, and whether they buy.
-- grain: One row a user with at least 3 visits, or with visits begun on at least 2 days.
-- period: none
-- reads: user_days
-- key: user_id
-- order: visits DESC, user_id
-- column: user_id string: The shopper.
-- column: days_active bigint: Days on which a visit began; a visit that goes on past midnight is no return.
-- column: visits bigint: Visits.
-- column: events bigint: Events of every type.
-- column: views bigint: Product views.
-- column: purchases bigint: Products bought.
-- column: revenue decimal(18,2): Sum of the prices of what was bought.
-- column: first_day date: The day the first visit began.
-- column: last_day date: The day the last visit began.
-- column: days_between_visits double: Days from first_day to last_day / (visits - 1).
WITH users AS (
  SELECT
    user_id,
    COUNT(CASE WHEN visits > 0 THEN 1 END) AS days_active,
    CAST(SUM(visits) AS BIGINT) AS visits,
    CAST(SUM(events) AS BIGINT) AS events,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
    MIN(CASE WHEN visits > 0 THEN day END) AS first_day,
    MAX(CASE WHEN visits > 0 THEN day END) AS last_day
  FROM seen_user_days
  GROUP BY user_id
)
SELECT
  user_id,
  days_active,
  visits,
  events,
  views,
  purchases,
  revenue,
  first_day,
  last_day,
  CAST(DATE_DIFF('day', first_day, last_day) AS DOUBLE) / NULLIF(visits - 1, 0) AS days_between_visits
FROM users
WHERE visits >= 3 OR days_active >= 2
