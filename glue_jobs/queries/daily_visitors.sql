-- title: Visitors, visits and revenue by day
-- good for: seeing at a glance how busy the shop was and what it took, and where a day stands out.
SELECT day, visitors, visits, events, views, carts, purchases, revenue
FROM daily_visitors
ORDER BY day
