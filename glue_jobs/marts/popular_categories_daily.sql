-- title: Popular categories by day
-- good for: seeing what shoppers look at today, and which categories rise or fall.
-- grain: One row a UTC day and category that has events on it.
-- period: day
-- reads: product_days funnel
-- key: day category
-- order: day, rank, category
-- column: day date: The UTC day of the events.
-- column: category string: The category.
-- column: viewers bigint: Different users who viewed a product of it.
-- column: views bigint: Views of its products.
-- column: carts bigint: Times its products were put into a cart.
-- column: purchases bigint: Times its products were bought.
-- column: revenue decimal(18,2): Sum of the prices they were bought at.
-- column: rank bigint: Place among the day's categories by views, from 1; of equals the one first in the alphabet.
WITH categories AS (
  SELECT
    day,
    category,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(purchases) AS BIGINT) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
  FROM seen_product_days
  GROUP BY day, category
)
SELECT
  categories.day,
  categories.category,
  funnel.viewers,
  categories.views,
  categories.carts,
  categories.purchases,
  categories.revenue,
  CAST(
    ROW_NUMBER() OVER (PARTITION BY categories.day ORDER BY categories.views DESC, categories.category) AS BIGINT
  ) AS rank
FROM categories
JOIN seen_funnel AS funnel
  ON funnel.day = categories.day AND funnel.level = 'category' AND funnel.category = categories.category
