-- title: Everything one user did
-- good for: telling a keen shopper from a robot, and answering a customer's question.
-- asks: user_id
SELECT
  event_time, event_type, product_id, category_code, brand, price, user_session, ip_address, user_agent, event_id
FROM events
WHERE user_id = ?
ORDER BY event_time, event_id
