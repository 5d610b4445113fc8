-- title: Buyers by recency, frequency and value
-- good for: speaking to each kind of buyer in its own way: thank champions, welcome the new, win back those at risk.
-- grain: One row a user who bought something.
-- period: none
-- reads: user_days
-- key: user_id
-- order: score DESC, revenue DESC, user_id
-- column: user_id string: The shopper.
-- column: recency_days bigint: Days from the day of the last purchase to the last day seen.
-- column: orders bigint: Visits in which something was bought.
-- column: revenue decimal(18,2): Sum of the prices of what was bought.
-- column: recency_score bigint: 1 to 5 by recency: 5 bought most recently. Buyers who are equal get the same score.
-- column: frequency_score bigint: 1 to 5 by orders.
-- column: monetary_score bigint: 1 to 5 by revenue.
-- column: score string: The three scores as one text, such as 545.
-- column: segment string: The first that holds of: champions (all scores 4 or 5), loyal (recency from 3 on, frequency from 4), big_spenders (recency from 3, revenue from 4), at_risk (frequency or revenue from 4), new (recency from 4, frequency at most 2), promising (recency from 3), sleeping (recency 2), lost.
-- A score is the fifth of all buyers that a buyer stands in, counted by those who are worse: with 80 of 100 worse it
-- is 5, with none worse 1. So who has nobody below gets 1, however many there are: one order is no frequency.
-- By recency those who are equal stand in their middle: when most bought on one day, as in a sale, that day is neither
-- the worst nor the best of all.
-- Segments, the first that fits:
--   champions     recency, frequency and monetary score of 4 or 5
--   loyal         recency 3 to 5 and frequency 4 or 5
--   big_spenders  recency 3 to 5 and monetary 4 or 5
--   at_risk       recency 1 or 2, frequency or monetary 4 or 5: good buyers who stay away
--   new           recency 4 or 5 and frequency 1 or 2
--   promising     recency 3 to 5
--   sleeping      recency 2
--   lost          recency 1
WITH known AS (
  SELECT MAX(day) AS last_day FROM seen_user_days
), buyers AS (
  SELECT
    user_id,
    MAX(CASE WHEN purchases > 0 THEN day END) AS last_purchase_day,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue
  FROM seen_user_days
  GROUP BY user_id
  HAVING SUM(purchases) > 0
), dated AS (
  SELECT
    buyers.user_id,
    DATE_DIFF('day', buyers.last_purchase_day, known.last_day) AS recency_days,
    buyers.orders,
    buyers.revenue
  FROM buyers
  CROSS JOIN known
), placed AS (
  SELECT
    *,
    COUNT(*) OVER () AS buyers,
    2 * (RANK() OVER (ORDER BY recency_days DESC) - 1) + COUNT(*) OVER (PARTITION BY recency_days) AS twice_less_recent,
    RANK() OVER (ORDER BY orders) - 1 AS less_frequent,
    RANK() OVER (ORDER BY revenue) - 1 AS less_revenue
  FROM dated
), scored AS (
  SELECT
    *,
    CASE
      WHEN 5 * twice_less_recent >= 8 * buyers THEN 5
      WHEN 5 * twice_less_recent >= 6 * buyers THEN 4
      WHEN 5 * twice_less_recent >= 4 * buyers THEN 3
      WHEN 5 * twice_less_recent >= 2 * buyers THEN 2
      ELSE 1
    END AS r,
    CASE
      WHEN 5 * less_frequent >= 4 * buyers THEN 5
      WHEN 5 * less_frequent >= 3 * buyers THEN 4
      WHEN 5 * less_frequent >= 2 * buyers THEN 3
      WHEN 5 * less_frequent >= buyers THEN 2
      ELSE 1
    END AS f,
    CASE
      WHEN 5 * less_revenue >= 4 * buyers THEN 5
      WHEN 5 * less_revenue >= 3 * buyers THEN 4
      WHEN 5 * less_revenue >= 2 * buyers THEN 3
      WHEN 5 * less_revenue >= buyers THEN 2
      ELSE 1
    END AS m
  FROM placed
)
SELECT
  user_id,
  recency_days,
  orders,
  revenue,
  CAST(r AS BIGINT) AS recency_score,
  CAST(f AS BIGINT) AS frequency_score,
  CAST(m AS BIGINT) AS monetary_score,
  CAST(r AS VARCHAR) || CAST(f AS VARCHAR) || CAST(m AS VARCHAR) AS score,
  CASE
    WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
    WHEN r >= 3 AND f >= 4 THEN 'loyal'
    WHEN r >= 3 AND m >= 4 THEN 'big_spenders'
    WHEN f >= 4 OR m >= 4 THEN 'at_risk'
    WHEN r >= 4 AND f <= 2 THEN 'new'
    WHEN r >= 3 THEN 'promising'
    WHEN r = 2 THEN 'sleeping'
    ELSE 'lost'
  END AS segment
FROM scored
