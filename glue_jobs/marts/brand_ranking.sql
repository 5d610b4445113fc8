-- title: Brands within their category by week
-- good for: seeing which brands lead a category, in sales and in attention, and who gains on whom.
-- grain: One row a week, named by its Monday, category and brand that has events in it.
-- period: week
-- reads: product_days
-- key: week category brand
-- order: week, category, rank, brand
-- column: week date: The week's Monday.
-- column: category string: The category.
-- column: brand string: The brand, or unknown: what has none is in the shares, but is no brand and has no rank.
-- column: views bigint: Views of its products.
-- column: carts bigint: Times its products were put into a cart.
-- column: purchases bigint: Times its products were bought.
-- column: revenue decimal(18,2): Sum of the prices they were bought at.
-- column: view_share double: Its part of the category's views that week.
-- column: revenue_share double: Its part of the category's revenue that week.
-- column: conversion double: purchases / views.
-- column: rank bigint: Place of the brand in the category that week by revenue, then views, then alphabet, from 1.
WITH brands AS (
  SELECT
    CAST(DATE_TRUNC('week', day) AS DATE) AS week,
    category,
    brand,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
  FROM seen_product_days
  GROUP BY 1, 2, 3
), compared AS (
  SELECT
    *,
    CAST(SUM(views) OVER (PARTITION BY week, category) AS DOUBLE) AS category_views,
    CAST(SUM(revenue) OVER (PARTITION BY week, category) AS DOUBLE) AS category_revenue
  FROM brands
)
SELECT
  week,
  category,
  brand,
  views,
  carts,
  purchases,
  revenue,
  CAST(views AS DOUBLE) / NULLIF(category_views, 0) AS view_share,
  CAST(revenue AS DOUBLE) / NULLIF(category_revenue, 0) AS revenue_share,
  CAST(purchases AS DOUBLE) / NULLIF(views, 0) AS conversion,
  CASE WHEN brand <> 'unknown' THEN CAST(ROW_NUMBER() OVER (
    PARTITION BY week, category, brand = 'unknown' ORDER BY revenue DESC, views DESC, brand
  ) AS BIGINT) END AS rank
FROM compared
