-- title: A usual week, hour by hour
-- good for: choosing when to send mails, start sales and staff the shop: what an hour of a weekday brings on average.
-- grain: One row a weekday and UTC hour that ever had events.
-- period: none
-- reads: hourly_traffic
-- key: weekday hour
-- order: weekday, hour
-- column: weekday bigint: The day of the week, Monday 1 to Sunday 7.
-- column: hour bigint: The UTC hour, 0 to 23.
-- column: days bigint: Days of that weekday that have events and reach the hour; one without events in it counts 0.
-- column: visitors_per_day double: Different users in the hour, an average over these days, as all that follows.
-- column: events_per_day double: Events of every type.
-- column: views_per_day double: Product views.
-- column: carts_per_day double: Products put into a cart.
-- column: purchases_per_day double: Products bought.
-- column: revenue_per_day double: Sum of the prices of what was bought.
-- The first and the last day of all are seen in part: they count in the hours between the first event and the last.
WITH numbered AS (
  SELECT weekday, day, hour, 24 * DATE_DIFF('day', DATE '1970-01-01', day) + hour AS hour_number
  FROM seen_hourly_traffic
), known AS (
  SELECT MIN(hour_number) AS first_hour, MAX(hour_number) AS last_hour FROM numbered
), weekdays AS (
  SELECT weekday, day FROM numbered GROUP BY weekday, day
), weekday_hours AS (
  SELECT weekday, hour FROM numbered GROUP BY weekday, hour
), counted AS (
  SELECT weekday_hours.weekday, weekday_hours.hour, COUNT(*) AS days
  FROM weekday_hours
  JOIN weekdays ON weekdays.weekday = weekday_hours.weekday
  CROSS JOIN known
  WHERE 24 * DATE_DIFF('day', DATE '1970-01-01', weekdays.day) + weekday_hours.hour >= known.first_hour
    AND 24 * DATE_DIFF('day', DATE '1970-01-01', weekdays.day) + weekday_hours.hour <= known.last_hour
  GROUP BY weekday_hours.weekday, weekday_hours.hour
), hours AS (
  SELECT
    weekday,
    hour,
    CAST(SUM(visitors) AS DOUBLE) AS visitors,
    CAST(SUM(events) AS DOUBLE) AS events,
    CAST(SUM(views) AS DOUBLE) AS views,
    CAST(SUM(carts) AS DOUBLE) AS carts,
    CAST(SUM(purchases) AS DOUBLE) AS purchases,
    CAST(CAST(SUM(revenue) AS DECIMAL(18, 2)) AS DOUBLE) AS revenue
  FROM seen_hourly_traffic
  GROUP BY weekday, hour
)
SELECT
  hours.weekday,
  hours.hour,
  counted.days,
  hours.visitors / counted.days AS visitors_per_day,
  hours.events / counted.days AS events_per_day,
  hours.views / counted.days AS views_per_day,
  hours.carts / counted.days AS carts_per_day,
  hours.purchases / counted.days AS purchases_per_day,
  hours.revenue / counted.days AS revenue_per_day
FROM hours
JOIN counted ON counted.weekday = hours.weekday AND counted.hour = hours.hour
