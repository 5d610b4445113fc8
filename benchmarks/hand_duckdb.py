"""The five questions as someone who knows SQL would write them by hand for DuckDB, over the lake's own files.

Each is one query over the events, told everything it needs to give the same rows as the mart of its name, and nothing
of what the marts do beside it: no second reading, no visits without a session, no day of its own to be built again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.timing import Stopwatch

_DESCRIBED = """
  SELECT *,
    COALESCE(category_code, 'id ' || category_id, 'unknown') AS category,
    COALESCE(brand, 'unknown') AS known_brand
  FROM events"""
DAILY_VISITORS = """
WITH visits AS (
  SELECT MIN(event_day) AS day, MAX(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) AS sold
  FROM events
  GROUP BY user_id, user_session
), visits_by_day AS (
  SELECT day, COUNT(*) AS visits, SUM(sold) AS sold FROM visits GROUP BY day
), events_by_day AS (
  SELECT
    event_day AS day,
    COUNT(DISTINCT user_id) AS visitors,
    COUNT(*) AS events,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM events
  GROUP BY event_day
)
SELECT
  events_by_day.day, visitors, COALESCE(visits, 0) AS visits, events, views, carts, purchases, revenue,
  CAST(sold AS DOUBLE) / visits AS conversion
FROM events_by_day
LEFT JOIN visits_by_day ON visits_by_day.day = events_by_day.day
ORDER BY events_by_day.day"""
FUNNEL = f"""
WITH described AS ({_DESCRIBED}
), by_user AS (
  SELECT
    event_day AS day, user_id, category, known_brand,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases
  FROM described
  GROUP BY GROUPING SETS (
    (event_day, user_id), (event_day, user_id, category), (event_day, user_id, category, known_brand)
  )
)
SELECT
  day,
  CASE WHEN category IS NULL THEN 'shop' WHEN known_brand IS NULL THEN 'category' ELSE 'brand' END AS level,
  COALESCE(category, '') AS category,
  COALESCE(known_brand, '') AS brand,
  COUNT(CASE WHEN views > 0 THEN 1 END) AS viewers,
  COUNT(CASE WHEN views > 0 AND carts > 0 THEN 1 END) AS carters,
  COUNT(CASE WHEN views > 0 AND carts > 0 AND purchases > 0 THEN 1 END) AS buyers,
  COUNT(CASE WHEN carts > 0 THEN 1 END) AS all_carters,
  COUNT(CASE WHEN purchases > 0 THEN 1 END) AS all_buyers,
  SUM(views) AS views,
  SUM(carts) AS carts,
  SUM(purchases) AS purchases
FROM by_user
GROUP BY day, by_user.category, known_brand
ORDER BY day, viewers DESC, level, category, brand"""
BRAND_RANKING = f"""
WITH described AS ({_DESCRIBED}
), brands AS (
  SELECT
    CAST(DATE_TRUNC('week', event_day) AS DATE) AS week,
    category,
    known_brand AS brand,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM described
  GROUP BY 1, 2, 3
)
SELECT *,
  CAST(views AS DOUBLE) / NULLIF(SUM(views) OVER (PARTITION BY week, category), 0) AS view_share,
  CASE WHEN brand <> 'unknown' THEN ROW_NUMBER() OVER (
    PARTITION BY week, category, brand = 'unknown' ORDER BY revenue DESC, views DESC, brand
  ) END AS rank
FROM brands
ORDER BY week, category, rank"""
PRODUCT_PERFORMANCE = f"""
WITH described AS ({_DESCRIBED}
), products AS (
  SELECT
    product_id,
    MAX(category) AS category,
    MAX(known_brand) AS brand,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue
  FROM described
  GROUP BY product_id
), rated AS (
  SELECT *, CAST(purchases AS DOUBLE) / NULLIF(views, 0) AS conversion, views >= 10 AS seen_often FROM products
)
SELECT
  product_id, category, brand, views, carts, purchases, revenue, conversion,
  ROW_NUMBER() OVER (ORDER BY revenue DESC, purchases DESC, product_id) AS revenue_rank,
  ROW_NUMBER() OVER (ORDER BY revenue, views DESC, product_id) AS revenue_rank_from_bottom,
  CASE WHEN seen_often THEN ROW_NUMBER() OVER (
    PARTITION BY seen_often ORDER BY conversion DESC, views DESC, product_id
  ) END AS conversion_rank,
  CASE WHEN seen_often THEN ROW_NUMBER() OVER (
    PARTITION BY seen_often ORDER BY conversion, views DESC, product_id
  ) END AS conversion_rank_from_bottom
FROM rated
ORDER BY revenue_rank"""
RFM = """
WITH orders AS (
  SELECT user_id, MAX(event_day) AS last_day, SUM(price) AS revenue
  FROM events
  WHERE event_type = 'purchase'
  GROUP BY user_id, user_session
), buyers AS (
  SELECT user_id, MAX(last_day) AS last_day, COUNT(*) AS orders, SUM(revenue) AS revenue FROM orders GROUP BY user_id
), dated AS (
  SELECT user_id, DATE_DIFF('day', last_day, (SELECT MAX(event_day) FROM events)) AS recency_days, orders, revenue
  FROM buyers
), placed AS (
  SELECT *,
    COUNT(*) OVER () AS buyers,
    2 * (RANK() OVER (ORDER BY recency_days DESC) - 1) + COUNT(*) OVER (PARTITION BY recency_days) AS twice_less_recent,
    RANK() OVER (ORDER BY orders) - 1 AS less_frequent,
    RANK() OVER (ORDER BY revenue) - 1 AS less_revenue
  FROM dated
), scored AS (
  SELECT user_id, recency_days, orders, revenue,
    CAST(LEAST(5, 1 + FLOOR(5 * twice_less_recent / (2 * buyers))) AS BIGINT) AS r,
    CAST(LEAST(5, 1 + FLOOR(5 * less_frequent / buyers)) AS BIGINT) AS f,
    CAST(LEAST(5, 1 + FLOOR(5 * less_revenue / buyers)) AS BIGINT) AS m
  FROM placed
)
SELECT user_id, recency_days, orders, revenue,
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
ORDER BY score DESC, revenue DESC, user_id"""
QUERIES = {
    "daily_visitors": DAILY_VISITORS,
    "funnel": FUNNEL,
    "brand_ranking": BRAND_RANKING,
    "product_performance": PRODUCT_PERFORMANCE,
    "rfm": RFM,
}


def run(files: Sequence[str], answers: Path) -> dict[str, Any]:
    """Answer all five from the files and write each answer as Parquet; return the seconds of each."""
    watch = Stopwatch()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        listed = ", ".join(f"'{path}'" for path in files)
        connection.execute(f"CREATE VIEW events AS FROM read_parquet([{listed}], hive_partitioning = false)")
        for name, query in QUERIES.items():
            (answers / name).mkdir(parents=True)
            with watch.step(name):
                connection.execute(f"COPY ({query}) TO '{answers / name / 'answer.parquet'}' (FORMAT parquet)")
    return watch.seconds_by_step()
