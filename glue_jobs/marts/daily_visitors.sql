-- title: Visitors and visits by day
-- good for: seeing at a glance how busy the shop was and what it took, and where a day stands out.
-- grain: One row a UTC day that has events.
-- period: day
-- reads: user_days
-- key: day
-- order: day
-- column: day date: The UTC day of the events.
-- column: visitors bigint: Different users.
-- column: visits bigint: Visits begun that day.
-- column: events bigint: Events of every type.
-- column: views bigint: Product views.
-- column: carts bigint: Products put into a cart.
-- column: removals bigint: Products taken out of a cart.
-- column: purchases bigint: Products bought.
-- column: revenue decimal(18,2): Sum of the prices of what was bought that day. daily_revenue counts an order on the day its visit began.
-- column: conversion double: Share of the visits in which something was bought; NULL where no visit began.
SELECT
  day,
  COUNT(*) AS visitors,
  CAST(SUM(visits) AS BIGINT) AS visits,
  CAST(SUM(events) AS BIGINT) AS events,
  CAST(SUM(views) AS BIGINT) AS views,
  CAST(SUM(carts) AS BIGINT) AS carts,
  CAST(SUM(removals) AS BIGINT) AS removals,
  CAST(SUM(purchases) AS BIGINT) AS purchases,
  CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
  CAST(SUM(orders) AS DOUBLE) / NULLIF(SUM(visits), 0) AS conversion
FROM seen_user_days
GROUP BY day
