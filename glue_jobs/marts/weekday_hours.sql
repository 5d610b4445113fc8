-- title: A usual week, hour by hour
-- good for: choosing when to send mails, start sales and staff the shop: what an hour of a weekday brings on average.
-- grain: One row a weekday and UTC hour that ever had events.
-- period: none
-- reads: hourly_traffic
-- key: weekday hour
-- order: weekday, hour
-- column: weekday bigint: The day of the week, Monday 1 to Sunday 7.
-- column: hour bigint: The UTC hour, 0 to 23.
-- column: days bigint: Days of that weekday that have events; in the averages one without events in the hour counts 0.
-- column: visitors_per_day double: Different users in the hour, an average over these days, as all that follows.
-- column: events_per_day double: Events of every type.
-- column: views_per_day double: Product views.
-- column: carts_per_day double: Products put into a cart.
-- column: purchases_per_day double: Products bought.
-- column: revenue_per_day double: Sum of the prices of what was bought.
WITH weekdays AS (
  SELECT weekday, COUNT(DISTINCT day) AS days
  FROM seen_hourly_traffic
  GROUP BY weekday
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
  weekdays.days,
  hours.visitors / weekdays.days AS visitors_per_day,
  hours.events / weekdays.days AS events_per_day,
  hours.views / weekdays.days AS views_per_day,
  hours.carts / weekdays.days AS carts_per_day,
  hours.purchases / weekdays.days AS purchases_per_day,
  hours.revenue / weekdays.days AS revenue_per_day
FROM hours
JOIN weekdays ON weekdays.weekday = hours.weekday
