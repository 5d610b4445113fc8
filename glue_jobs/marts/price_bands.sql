-- title: What sells at which price
-- good for: seeing which prices are looked at and which are paid, and where the assortment has a gap.
-- grain: One row a UTC day and price band with events.
-- period: day
-- reads: events
-- key: day band
-- order: day, band
-- column: day date: The UTC day of the events.
-- column: band string: From the first price to below the second, as 0010-0025; the last is '1000 and more'.
-- column: views bigint: Views at such a price.
-- column: carts bigint: Products put into a cart at such a price.
-- column: purchases bigint: Products bought at such a price.
-- column: buyers bigint: Different users who bought at such a price.
-- column: revenue decimal(18,2): Sum of these prices.
-- column: conversion double: purchases / views.
WITH banded AS (
  SELECT
    event_day,
    user_id,
    event_type,
    price,
    CASE
      WHEN price < 10 THEN '0000-0010'
      WHEN price < 25 THEN '0010-0025'
      WHEN price < 50 THEN '0025-0050'
      WHEN price < 100 THEN '0050-0100'
      WHEN price < 250 THEN '0100-0250'
      WHEN price < 500 THEN '0250-0500'
      WHEN price < 1000 THEN '0500-1000'
      ELSE '1000 and more'
    END AS band
  FROM seen_events
), by_user AS (
  SELECT
    event_day,
    band,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM banded
  GROUP BY event_day, band, user_id
)
SELECT
  event_day AS day,
  band,
  CAST(SUM(views) AS BIGINT) AS views,
  CAST(SUM(carts) AS BIGINT) AS carts,
  CAST(SUM(purchases) AS BIGINT) AS purchases,
  COUNT(CASE WHEN purchases > 0 THEN 1 END) AS buyers,
  CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
  CAST(SUM(purchases) AS DOUBLE) / NULLIF(SUM(views), 0) AS conversion
FROM by_user
GROUP BY event_day, band
