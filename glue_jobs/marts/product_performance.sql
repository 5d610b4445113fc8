-- title: Best and worst products
-- good for: finding what sells best, what sells worst, and what is looked at without being bought.
-- grain: One row a product with events.
-- period: none
-- reads: product_days
-- key: product_id
-- order: revenue_rank, product_id
-- column: product_id string: The product.
-- column: category string: Its category on the latest day it had events.
-- column: brand string: Its brand on that day.
-- column: views bigint: Views.
-- column: carts bigint: Times it was put into a cart.
-- column: purchases bigint: Times it was bought.
-- column: revenue decimal(18,2): Sum of the prices it was bought at.
-- column: conversion double: purchases / views.
-- column: revenue_rank bigint: Place by revenue, from 1; of equals the one bought more often, then by product_id.
-- column: revenue_rank_from_bottom bigint: Place from the bottom; of equals the one viewed more, then by product_id.
-- column: conversion_rank bigint: Place by conversion of products with at least 10 views, from 1; NULL for the others.
-- column: conversion_rank_from_bottom bigint: The same from the bottom; of equals, here and there, the one viewed more.
WITH products AS (
  SELECT
    product_id,
    ARG_MAX(category, day) AS category,
    ARG_MAX(brand, day) AS brand,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(purchases) AS DOUBLE) / NULLIF(SUM(views), 0) AS conversion
  FROM seen_product_days
  GROUP BY product_id
)
SELECT
  product_id,
  category,
  brand,
  views,
  carts,
  purchases,
  revenue,
  conversion,
  CAST(ROW_NUMBER() OVER (ORDER BY revenue DESC, purchases DESC, product_id) AS BIGINT) AS revenue_rank,
  CAST(ROW_NUMBER() OVER (ORDER BY revenue, views DESC, product_id) AS BIGINT) AS revenue_rank_from_bottom,
  CASE WHEN views >= 10 THEN CAST(
    ROW_NUMBER() OVER (PARTITION BY views >= 10 ORDER BY conversion DESC, views DESC, product_id) AS BIGINT
  ) END AS conversion_rank,
  CASE WHEN views >= 10 THEN CAST(
    ROW_NUMBER() OVER (PARTITION BY views >= 10 ORDER BY conversion, views DESC, product_id) AS BIGINT
  ) END AS conversion_rank_from_bottom
FROM products
