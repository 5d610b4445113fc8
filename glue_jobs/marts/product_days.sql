-- title: Products by day
-- good for: what the marts about products, brands and categories are built from.
-- grain: One row a UTC day and product with events on it.
-- period: day
-- reads: events
-- key: day product_id
-- order: day, product_id
-- working: yes
-- column: day date: The UTC day of the events.
-- column: product_id string: The product.
-- column: category string: Its category_code, else id and its category_id, else unknown; of several the last by name.
-- column: brand string: Its brand, else unknown; of several that day the last by name.
-- column: views bigint: Views.
-- column: viewers bigint: Different users who viewed it.
-- column: carts bigint: Times it was put into a cart.
-- column: cart_users bigint: Different users who put it into a cart.
-- column: removals bigint: Times it was taken out of a cart.
-- column: purchases bigint: Times it was bought.
-- column: buyers bigint: Different users who bought it.
-- column: revenue decimal(18,2): Sum of the prices it was bought at.
-- By user first: different users are then rows to count, which takes far less memory than COUNT(DISTINCT).
WITH by_user AS (
  SELECT
    event_day,
    product_id,
    MAX(category_code) AS category_code,
    MAX(category_id) AS category_id,
    MAX(brand) AS brand,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'remove_from_cart' THEN 1 END) AS removals,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM seen_events
  GROUP BY event_day, product_id, user_id
)
SELECT
  event_day AS day,
  product_id,
  COALESCE(MAX(category_code), 'id ' || MAX(category_id), 'unknown') AS category,
  COALESCE(MAX(brand), 'unknown') AS brand,
  CAST(SUM(views) AS BIGINT) AS views,
  COUNT(CASE WHEN views > 0 THEN 1 END) AS viewers,
  CAST(SUM(carts) AS BIGINT) AS carts,
  COUNT(CASE WHEN carts > 0 THEN 1 END) AS cart_users,
  CAST(SUM(removals) AS BIGINT) AS removals,
  CAST(SUM(purchases) AS BIGINT) AS purchases,
  COUNT(CASE WHEN purchases > 0 THEN 1 END) AS buyers,
  CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
FROM by_user
GROUP BY event_day, product_id
