-- title: Brands that need marketing
-- good for: choosing the brands to push: much looked at, seldom bought, and not gaining attention.
-- grain: One row a category and brand that stands out so in the 7 days that end with the last day seen, begun or over.
-- period: none
-- reads: product_days
-- key: category brand
-- order: views DESC, category, brand
-- column: category string: The category.
-- column: brand string: The brand; products of no known brand are left out.
-- column: views bigint: Views in the 7 days, at least 20.
-- column: purchases bigint: Times bought in the 7 days.
-- column: revenue decimal(18,2): Sum of the prices they were bought at.
-- column: conversion double: purchases / views, less than half of category_conversion.
-- column: category_conversion double: The same of the whole category, this brand included.
-- column: share_before double: Its part of the category's views in the 7 days before; NULL without 14 days of history.
-- column: share_now double: Its part of the category's views in the 7 days.
-- column: share_change double: share_now - share_before, never above 0; NULL where share_before is.
-- column: falling boolean: Whether its share fell, and did not just stay; NULL where share_before is.
-- column: reason string: Why it is listed, in a sentence.
WITH known AS (
  SELECT MIN(day) AS first_day, MAX(day) AS last_day FROM seen_product_days
), brands AS (
  SELECT
    product_days.category,
    product_days.brand,
    DATE_DIFF('day', known.first_day, known.last_day) >= 13 AS has_before,
    CASE WHEN DATE_DIFF('day', product_days.day, known.last_day) < 7 THEN 1 ELSE 0 END AS is_now,
    CAST(SUM(product_days.views) AS BIGINT) AS views,
    CAST(SUM(product_days.purchases) AS BIGINT) AS purchases,
    CAST(SUM(product_days.revenue) AS DECIMAL(18, 2)) AS revenue
  FROM seen_product_days AS product_days
  CROSS JOIN known
  WHERE DATE_DIFF('day', product_days.day, known.last_day) < 14
  GROUP BY 1, 2, 3, 4
), spans AS (
  SELECT
    category,
    brand,
    has_before,
    CAST(SUM(CASE WHEN is_now = 1 THEN views ELSE 0 END) AS BIGINT) AS views,
    CAST(SUM(CASE WHEN is_now = 1 THEN purchases ELSE 0 END) AS BIGINT) AS purchases,
    CAST(SUM(CASE WHEN is_now = 1 THEN revenue ELSE 0 END) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(CASE WHEN is_now = 0 THEN views ELSE 0 END) AS BIGINT) AS views_before
  FROM brands
  GROUP BY category, brand, has_before
), compared AS (
  SELECT
    *,
    CAST(SUM(views) OVER (PARTITION BY category) AS BIGINT) AS category_views,
    CAST(SUM(purchases) OVER (PARTITION BY category) AS BIGINT) AS category_purchases,
    CAST(SUM(views_before) OVER (PARTITION BY category) AS BIGINT) AS category_views_before
  FROM spans
), shared AS (
  SELECT
    *,
    CAST(views AS DOUBLE) / NULLIF(category_views, 0) AS share_now,
    CASE WHEN has_before THEN CAST(views_before AS DOUBLE) / NULLIF(category_views_before, 0) END AS share_before
  FROM compared
)
-- Rates are compared as whole numbers, multiplied out.
SELECT
  category,
  brand,
  views,
  purchases,
  revenue,
  CAST(purchases AS DOUBLE) / NULLIF(views, 0) AS conversion,
  CAST(category_purchases AS DOUBLE) / NULLIF(category_views, 0) AS category_conversion,
  share_before,
  share_now,
  share_now - share_before AS share_change,
  share_now < share_before AS falling,
  'Of ' || CAST(views AS VARCHAR) || ' views in 7 days ' || CAST(purchases AS VARCHAR)
    || ' led to a purchase, less than half the rate of its category (' || CAST(category_purchases AS VARCHAR) || ' of '
    || CAST(category_views AS VARCHAR) || '). '
    || CASE
      WHEN NOT has_before THEN 'There are no 7 days before to compare with.'
      WHEN share_before IS NULL THEN 'Nobody viewed the category in the 7 days before.'
      ELSE 'In the 7 days before it drew ' || CAST(views_before AS VARCHAR) || ' of the category''s '
        || CAST(category_views_before AS VARCHAR) || ' views.'
    END AS reason
FROM shared
WHERE brand <> 'unknown'
  AND views >= 20
  AND 2 * purchases * category_views < category_purchases * views
  AND (share_before IS NULL OR share_now <= share_before)
