-- title: Who comes back, by week of the first visit
-- good for: seeing whether new shoppers return in the weeks after, and whether later newcomers do so better.
-- grain: One row a week of first visits and a week in which visits began, the same or later.
-- period: none
-- reads: user_days
-- key: cohort_week weeks_after
-- order: cohort_week, weeks_after
-- column: cohort_week date: The Monday of the week in which these users' first visit began.
-- column: weeks_after bigint: Weeks from then, from 0; a week in which no visit at all began has no row.
-- column: cohort_users bigint: Users whose first visit began in cohort_week.
-- column: active_users bigint: Those of them with a visit that began in the week so many after.
-- column: retention double: active_users / cohort_users.
WITH user_weeks AS (
  SELECT user_id, CAST(DATE_TRUNC('week', day) AS DATE) AS week
  FROM seen_user_days
  WHERE visits > 0
  GROUP BY 1, 2
), joined AS (
  SELECT user_id, week, MIN(week) OVER (PARTITION BY user_id) AS cohort_week
  FROM user_weeks
), active AS (
  SELECT cohort_week, week, COUNT(*) AS users
  FROM joined
  GROUP BY cohort_week, week
), cohorts AS (
  SELECT cohort_week, users FROM active WHERE cohort_week = week
), weeks AS (
  SELECT DISTINCT week FROM active
)
SELECT
  cohorts.cohort_week,
  CAST(DATE_DIFF('day', cohorts.cohort_week, weeks.week) / 7 AS BIGINT) AS weeks_after,
  cohorts.users AS cohort_users,
  COALESCE(active.users, 0) AS active_users,
  CAST(COALESCE(active.users, 0) AS DOUBLE) / cohorts.users AS retention
FROM cohorts
JOIN weeks ON weeks.week >= cohorts.cohort_week
LEFT JOIN active ON active.cohort_week = cohorts.cohort_week AND active.week = weeks.week
