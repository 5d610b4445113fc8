-- title: Abandoned carts
-- good for: reminding shoppers of what they left in the cart, the most valuable first.
-- grain: One row a user and product left in the cart for at least an hour when the last event was seen.
-- period: none
-- reads: basket_days user_days
-- key: user_id product_id
-- order: value DESC, carted_at, user_id, product_id
-- column: user_id string: The shopper.
-- column: product_id string: The product.
-- column: category string: The product's category on the day of the last cart.
-- column: brand string: The product's brand on that day.
-- column: carted_at timestamp: When it was last put into the cart; it was not taken out or bought then or later.
-- column: value decimal(18,2): Its price then.
-- column: hours_since double: Hours from then to the latest event of anybody, or to the build where a clock was ahead.
-- column: carts bigint: How often this user has put it into a cart.
WITH seen_until AS (
  SELECT LEAST(MAX(user_days.last_at), MAX(shop.asked_at)) AS latest_at
  FROM seen_user_days AS user_days
  CROSS JOIN shop
), baskets AS (
  SELECT
    user_id,
    product_id,
    ARG_MAX(category, last_cart_at) FILTER (WHERE last_cart_at IS NOT NULL) AS category,
    ARG_MAX(brand, last_cart_at) FILTER (WHERE last_cart_at IS NOT NULL) AS brand,
    ARG_MAX(cart_price, last_cart_at) FILTER (WHERE last_cart_at IS NOT NULL) AS cart_price,
    MAX(last_cart_at) AS carted_at,
    MAX(last_removal_at) AS removed_at,
    MAX(last_purchase_at) AS bought_at,
    CAST(SUM(carts) AS BIGINT) AS carts
  FROM seen_basket_days
  GROUP BY user_id, product_id
), waiting AS (
  SELECT
    baskets.user_id,
    baskets.product_id,
    baskets.category,
    baskets.brand,
    baskets.carted_at,
    baskets.cart_price,
    baskets.carts,
    DATE_DIFF('millisecond', baskets.carted_at, seen_until.latest_at) AS waiting_ms
  FROM baskets
  CROSS JOIN seen_until
  WHERE baskets.carted_at IS NOT NULL
    AND (baskets.removed_at IS NULL OR baskets.removed_at < baskets.carted_at)
    AND (baskets.bought_at IS NULL OR baskets.bought_at < baskets.carted_at)
)
SELECT
  user_id,
  product_id,
  category,
  brand,
  carted_at,
  CAST(cart_price AS DECIMAL(18, 2)) AS value,
  CAST(waiting_ms AS DOUBLE) / CAST(3600000 AS DOUBLE) AS hours_since,
  carts
FROM waiting
WHERE waiting_ms >= 3600000
