-- title: Popular categories by week
-- good for: planning the assortment by what draws shoppers over a whole week, weekdays and weekend alike.
-- grain: One row a week, named by its Monday, and category that has events in it.
-- period: week
-- reads: product_days
-- key: week category
-- order: week, rank, category
-- column: week date: The week's Monday.
-- column: category string: The category.
-- column: views bigint: Views of its products.
-- column: carts bigint: Times its products were put into a cart.
-- column: purchases bigint: Times its products were bought.
-- column: revenue decimal(18,2): Sum of the prices they were bought at.
-- column: rank bigint: Place among the week's categories by views, from 1; of equals the one first in the alphabet.
WITH categories AS (
  SELECT
    CAST(DATE_TRUNC('week', day) AS DATE) AS week,
    category,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
  FROM seen_product_days
  GROUP BY 1, 2
)
SELECT
  week,
  category,
  views,
  carts,
  purchases,
  revenue,
  CAST(ROW_NUMBER() OVER (PARTITION BY week ORDER BY views DESC, category) AS BIGINT) AS rank
FROM categories
