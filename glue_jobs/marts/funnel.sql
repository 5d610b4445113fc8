-- title: From looking to buying
-- good for: finding where shoppers are lost, in the whole shop, in a category or with a brand.
-- grain: One row a UTC day and level: the shop, a category, or a brand within a category.
-- period: day
-- reads: events product_days
-- key: day level category brand
-- order: day, viewers DESC, level, category, brand
-- column: day date: The UTC day of the events.
-- column: level string: shop, category or brand: what the users are counted over.
-- column: category string: The category; empty for the shop.
-- column: brand string: The brand within the category; empty for the shop and for a category.
-- column: viewers bigint: Different users who viewed a product of it that day.
-- column: carters bigint: Those of the viewers who also put one into a cart.
-- column: buyers bigint: Those of the carters who also bought one.
-- column: all_carters bigint: Different users who put one into a cart, whether or not they viewed one.
-- column: all_buyers bigint: Different users who bought one, whatever they did before.
-- column: views bigint: Views.
-- column: carts bigint: Products put into a cart.
-- column: purchases bigint: Products bought.
-- column: view_to_cart double: carters / viewers.
-- column: cart_to_purchase double: buyers / carters.
-- column: view_to_purchase double: buyers / viewers.
-- By user and group, then by group: no user is counted twice at any level.
WITH by_group AS (
  SELECT
    event.event_day,
    event.user_id,
    product_days.category,
    product_days.brand,
    COUNT(CASE WHEN event.event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event.event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event.event_type = 'purchase' THEN 1 END) AS purchases
  FROM seen_events AS event
  JOIN seen_product_days AS product_days
    ON product_days.day = event.event_day AND product_days.product_id = event.product_id
  GROUP BY GROUPING SETS (
    (event.event_day, event.user_id),
    (event.event_day, event.user_id, product_days.category),
    (event.event_day, event.user_id, product_days.category, product_days.brand)
  )
), counted AS (
  SELECT
    event_day,
    category,
    brand,
    COUNT(CASE WHEN views > 0 THEN 1 END) AS viewers,
    COUNT(CASE WHEN views > 0 AND carts > 0 THEN 1 END) AS carters,
    COUNT(CASE WHEN views > 0 AND carts > 0 AND purchases > 0 THEN 1 END) AS buyers,
    COUNT(CASE WHEN carts > 0 THEN 1 END) AS all_carters,
    COUNT(CASE WHEN purchases > 0 THEN 1 END) AS all_buyers,
    CAST(SUM(views) AS BIGINT) AS views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(purchases) AS BIGINT) AS purchases
  FROM by_group
  GROUP BY event_day, category, brand
)
SELECT
  event_day AS day,
  CASE WHEN category IS NULL THEN 'shop' WHEN brand IS NULL THEN 'category' ELSE 'brand' END AS level,
  COALESCE(category, '') AS category,
  COALESCE(brand, '') AS brand,
  viewers,
  carters,
  buyers,
  all_carters,
  all_buyers,
  views,
  carts,
  purchases,
  CAST(carters AS DOUBLE) / NULLIF(viewers, 0) AS view_to_cart,
  CAST(buyers AS DOUBLE) / NULLIF(carters, 0) AS cart_to_purchase,
  CAST(buyers AS DOUBLE) / NULLIF(viewers, 0) AS view_to_purchase
FROM counted
