-- title: Baskets by day
-- good for: what the marts about abandoned carts and about who buys where are built from.
-- grain: One row a UTC day, user and product that was put into a cart, taken out of it or bought.
-- period: day
-- reads: events product_days
-- key: day user_id product_id
-- order: day, user_id, product_id
-- working: yes
-- column: day date: The UTC day of the events.
-- column: user_id string: The shopper.
-- column: product_id string: The product.
-- column: category string: The product's category that day, as in product_days.
-- column: brand string: The product's brand that day, as in product_days.
-- column: carts bigint: Times it was put into a cart.
-- column: removals bigint: Times it was taken out of a cart.
-- column: purchases bigint: Times it was bought.
-- column: revenue decimal(18,2): Sum of the prices it was bought at.
-- column: last_cart_at timestamp: When it was last put into a cart; NULL if not that day.
-- column: last_removal_at timestamp: When it was last taken out of a cart; NULL if not that day.
-- column: last_purchase_at timestamp: When it was last bought; NULL if not that day.
-- column: cart_price decimal(12,2): Its price when it was last put into a cart; of events at one instant, by event_id.
WITH moved AS (
  SELECT
    event_day,
    user_id,
    product_id,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'remove_from_cart' THEN 1 END) AS removals,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    CAST(SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS DECIMAL(18, 2)) AS revenue,
    MAX(CASE WHEN event_type = 'cart' THEN event_time END) AS last_cart_at,
    MAX(CASE WHEN event_type = 'remove_from_cart' THEN event_time END) AS last_removal_at,
    MAX(CASE WHEN event_type = 'purchase' THEN event_time END) AS last_purchase_at,
    ARG_MAX(price, {'event_time': event_time, 'event_id': event_id})
      FILTER (WHERE event_type = 'cart') AS cart_price
  FROM seen_events
  WHERE event_type IN ('cart', 'remove_from_cart', 'purchase')
  GROUP BY event_day, user_id, product_id
)
SELECT
  moved.event_day AS day,
  moved.user_id,
  moved.product_id,
  product_days.category,
  product_days.brand,
  moved.carts,
  moved.removals,
  moved.purchases,
  moved.revenue,
  moved.last_cart_at,
  moved.last_removal_at,
  moved.last_purchase_at,
  moved.cart_price
FROM moved
JOIN seen_product_days AS product_days
  ON product_days.day = moved.event_day AND product_days.product_id = moved.product_id
