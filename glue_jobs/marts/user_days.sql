-- title: Users by day
-- good for: what the marts about visitors, returning and loyalty are built from.
-- grain: One row a UTC day and user with events on it.
-- period: day
-- reads: events sessions
-- key: day user_id
-- order: day, user_id
-- working: yes
-- column: day date: The UTC day of the events.
-- column: user_id string: The shopper.
-- column: events bigint: Events of every type.
-- column: views bigint: Product views.
-- column: carts bigint: Products put into a cart.
-- column: removals bigint: Products taken out of a cart.
-- column: purchases bigint: Products bought.
-- column: visits bigint: Visits begun that day; none where a visit of the day before goes on past midnight.
-- column: orders bigint: Visits begun that day in which something was bought.
-- column: revenue decimal(18,2): Sum of the prices of what was bought.
-- column: first_at timestamp: The first event of the day.
-- column: last_at timestamp: The last event of the day.
WITH acting AS (
  SELECT
    event_day,
    user_id,
    COUNT(*) AS events,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'remove_from_cart' THEN 1 END) AS removals,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    CAST(SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS DECIMAL(18, 2)) AS revenue,
    MIN(event_time) AS first_at,
    MAX(event_time) AS last_at
  FROM seen_events
  GROUP BY event_day, user_id
), visiting AS (
  SELECT day, user_id, COUNT(*) AS visits, COUNT(CASE WHEN converted THEN 1 END) AS orders
  FROM seen_sessions
  GROUP BY day, user_id
)
SELECT
  acting.event_day AS day,
  acting.user_id,
  acting.events,
  acting.views,
  acting.carts,
  acting.removals,
  acting.purchases,
  COALESCE(visiting.visits, 0) AS visits,
  COALESCE(visiting.orders, 0) AS orders,
  acting.revenue,
  acting.first_at,
  acting.last_at
FROM acting
LEFT JOIN visiting ON visiting.day = acting.event_day AND visiting.user_id = acting.user_id
