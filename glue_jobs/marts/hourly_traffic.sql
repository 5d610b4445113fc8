-- title: Traffic by hour
-- good for: seeing when the shop is busy on a day, and when something out of the ordinary happened.
-- grain: One row a UTC day and hour that has events.
-- period: day
-- reads: events
-- key: day hour
-- order: day, hour
-- column: day date: The UTC day of the events.
-- column: hour bigint: The UTC hour, 0 to 23.
-- column: weekday bigint: The day of the week, Monday 1 to Sunday 7.
-- column: visitors bigint: Different users.
-- column: events bigint: Events of every type.
-- column: views bigint: Product views.
-- column: carts bigint: Products put into a cart.
-- column: purchases bigint: Products bought.
-- column: revenue decimal(18,2): Sum of the prices of what was bought.
WITH by_user AS (
  SELECT
    event_day,
    CAST(EXTRACT(HOUR FROM event_time) AS BIGINT) AS event_hour,
    COUNT(*) AS events,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM seen_events
  GROUP BY event_day, CAST(EXTRACT(HOUR FROM event_time) AS BIGINT), user_id
)
SELECT
  event_day AS day,
  event_hour AS hour,
  CAST(DATE_DIFF('day', CAST(DATE_TRUNC('week', event_day) AS DATE), event_day) + 1 AS BIGINT) AS weekday,
  COUNT(*) AS visitors,
  CAST(SUM(events) AS BIGINT) AS events,
  CAST(SUM(views) AS BIGINT) AS views,
  CAST(SUM(carts) AS BIGINT) AS carts,
  CAST(SUM(purchases) AS BIGINT) AS purchases,
  CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
FROM by_user
GROUP BY event_day, event_hour
