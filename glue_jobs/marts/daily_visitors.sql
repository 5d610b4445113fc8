-- What the door counter of a shop says, day by day, with what was sold.
-- A visit is a user_session; all of a user's events of a day that carry none are one visit.
SELECT
  event_day AS day,
  COUNT(DISTINCT user_id) AS visitors,
  COUNT(DISTINCT COALESCE(user_session, 'user ' || user_id)) AS visits,
  COUNT(*) AS events,
  SUM(CASE WHEN event_type = 'view' THEN 1 ELSE 0 END) AS views,
  SUM(CASE WHEN event_type = 'cart' THEN 1 ELSE 0 END) AS carts,
  SUM(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) AS purchases,
  CAST(SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS DECIMAL(18, 2)) AS revenue
FROM events
GROUP BY event_day
ORDER BY event_day
