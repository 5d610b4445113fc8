-- title: Orders and revenue by day
-- good for: following what the shop takes, how much an order is worth, and how far one big order carries a day.
-- grain: One row a UTC day on which visits began.
-- period: day
-- reads: sessions
-- key: day
-- order: day
-- column: day date: The UTC day on which the visits began. An order past midnight counts here, not on the day after.
-- column: revenue decimal(18,2): Sum of the prices of what was bought in these visits. daily_visitors has that of the events of the day.
-- column: orders bigint: Orders: visits in which something was bought.
-- column: items bigint: Products bought.
-- column: buyers bigint: Different users with an order.
-- column: items_per_order double: items / orders.
-- column: revenue_per_order double: revenue / orders.
-- column: largest_order decimal(18,2): The revenue of the largest order; NULL on a day without.
WITH by_user AS (
  SELECT
    day,
    user_id,
    COUNT(CASE WHEN converted THEN 1 END) AS orders,
    CAST(SUM(purchases) AS BIGINT) AS items,
    SUM(revenue) AS revenue,
    MAX(CASE WHEN converted THEN revenue END) AS largest_order
  FROM seen_sessions
  GROUP BY day, user_id
), days AS (
  SELECT
    day,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(items) AS BIGINT) AS items,
    COUNT(CASE WHEN orders > 0 THEN 1 END) AS buyers,
    MAX(largest_order) AS largest_order
  FROM by_user
  GROUP BY day
)
SELECT
  day,
  revenue,
  orders,
  items,
  buyers,
  CAST(items AS DOUBLE) / NULLIF(orders, 0) AS items_per_order,
  CAST(revenue AS DOUBLE) / NULLIF(orders, 0) AS revenue_per_order,
  largest_order
FROM days
