-- title: What is put back
-- good for: finding categories that shoppers take out of the cart again: prices, delivery or pictures to look into.
-- grain: One row a UTC day and category with something put into a cart, taken out or bought.
-- period: day
-- reads: product_days
-- key: day category
-- order: day, removals DESC, category
-- column: day date: The UTC day of the events.
-- column: category string: The category.
-- column: carts bigint: Products put into a cart.
-- column: removals bigint: Products taken out of a cart.
-- column: purchases bigint: Products bought.
-- column: removal_share double: removals / carts; above 1 where carts of days before were emptied.
-- column: kept_share double: purchases / carts; above 1 where more was bought from older carts, or past any cart.
WITH categories AS (
  SELECT
    day,
    category,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(removals) AS BIGINT) AS removals,
    CAST(SUM(purchases) AS BIGINT) AS purchases
  FROM seen_product_days
  GROUP BY day, category
)
SELECT
  day,
  category,
  carts,
  removals,
  purchases,
  CAST(removals AS DOUBLE) / NULLIF(carts, 0) AS removal_share,
  CAST(purchases AS DOUBLE) / NULLIF(carts, 0) AS kept_share
FROM categories
WHERE carts + removals + purchases > 0
