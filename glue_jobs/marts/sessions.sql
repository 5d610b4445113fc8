-- title: Visits
-- good for: following single visits: how long they took, what they began and ended with, and whether they sold.
-- grain: One row a visit, on the UTC day of its first event.
-- period: day
-- reads: events
-- key: day user_id session_id
-- order: day, started_at, user_id, session_id
-- column: day date: The UTC day of the first event.
-- column: user_id string: The shopper.
-- column: session_id string: The shop's user_session; untracked, gap: and the first event's milliseconds since 1970.
-- column: tracked boolean: Whether the shop tracked the visit. If not, a pause above 30 minutes parts two visits.
-- column: started_at timestamp: The first event.
-- column: ended_at timestamp: The last event.
-- column: duration_ms bigint: From the first event to the last, milliseconds.
-- column: events bigint: Events of every type.
-- column: views bigint: Product views.
-- column: carts bigint: Products put into a cart.
-- column: removals bigint: Products taken out of a cart.
-- column: purchases bigint: Products bought.
-- column: products bigint: Different products in these events.
-- column: revenue decimal(18,2): Sum of the prices of what was bought.
-- column: entry_product_id string: The product of the first event; of events at one instant, by event_id.
-- column: entry_event_type string: The type of the first event.
-- column: exit_product_id string: The product of the last event.
-- column: exit_event_type string: The type of the last event.
-- column: device string: phone, tablet, computer or script, by the first user agent sent; NULL if none or unknown.
-- column: converted boolean: Whether anything was bought.
-- Only events without a session need a window, and only by user. Tracked events do not interrupt a pause.
WITH paused AS (
  SELECT
    event_id, event_time, event_type, product_id, price, user_id, user_agent,
    DATE_DIFF(
      'millisecond', LAG(event_time) OVER (PARTITION BY user_id ORDER BY event_time, event_id), event_time
    ) AS pause_ms
  FROM seen_events
  WHERE user_session IS NULL
), parted AS (
  SELECT
    event_id, event_time, event_type, product_id, price, user_id, user_agent,
    MAX(CASE WHEN pause_ms IS NULL OR pause_ms > 1800000 THEN event_time END) OVER (
      PARTITION BY user_id ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS begun_at
  FROM paused
), visiting AS (
  SELECT
    user_id, user_session AS session_id, TRUE AS tracked,
    event_id, event_time, event_type, product_id, price, user_agent
  FROM seen_events
  WHERE user_session IS NOT NULL
  UNION ALL
  SELECT
    user_id,
    'gap:' || CAST(
      DATE_DIFF('millisecond', TIMESTAMPTZ '1970-01-01 00:00:00+00:00', begun_at) AS VARCHAR
    ) AS session_id,
    FALSE AS tracked,
    event_id, event_time, event_type, product_id, price, user_agent
  FROM parted
), visits AS (
  SELECT
    user_id,
    session_id,
    tracked,
    MIN(event_time) AS started_at,
    MAX(event_time) AS ended_at,
    COUNT(*) AS events,
    COUNT(CASE WHEN event_type = 'view' THEN 1 END) AS views,
    COUNT(CASE WHEN event_type = 'cart' THEN 1 END) AS carts,
    COUNT(CASE WHEN event_type = 'remove_from_cart' THEN 1 END) AS removals,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END) AS purchases,
    COUNT(DISTINCT product_id) AS products,
    SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue,
    MIN({'event_time': event_time, 'event_id': event_id, 'product_id': product_id, 'event_type': event_type}) AS entry,
    MAX({'event_time': event_time, 'event_id': event_id, 'product_id': product_id, 'event_type': event_type}) AS leave,
    ARG_MIN(user_agent, {'event_time': event_time, 'event_id': event_id})
      FILTER (WHERE user_agent IS NOT NULL) AS user_agent
  FROM visiting
  GROUP BY user_id, session_id, tracked
), named AS (
  -- Small letters of ASCII alone: engines differ in what they make of the others.
  SELECT *, TRANSLATE(user_agent, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') AS agent
  FROM visits
)
SELECT
  CAST(started_at AS DATE) AS day,
  user_id,
  session_id,
  tracked,
  started_at,
  ended_at,
  DATE_DIFF('millisecond', started_at, ended_at) AS duration_ms,
  events,
  views,
  carts,
  removals,
  purchases,
  products,
  CAST(revenue AS DECIMAL(18, 2)) AS revenue,
  entry.product_id AS entry_product_id,
  entry.event_type AS entry_event_type,
  leave.product_id AS exit_product_id,
  leave.event_type AS exit_event_type,
  -- A script may pose as a browser, so its words are looked for first; an Android that is not mobile is a tablet.
  -- Cubot makes phones.
  CASE
    WHEN REPLACE(agent, 'cubot', '') LIKE '%bot%' OR agent LIKE '%crawl%' OR agent LIKE '%spider%'
      OR agent LIKE '%scrapy%' OR agent LIKE '%headless%' OR agent LIKE '%python%' OR agent LIKE '%curl%'
      OR agent LIKE '%wget%' OR agent LIKE '%http-client%' OR agent LIKE '%httpclient%' OR agent LIKE '%okhttp%'
      OR agent LIKE '%java/%'
      THEN 'script'
    WHEN agent LIKE '%ipad%' OR agent LIKE '%tablet%' OR (agent LIKE '%android%' AND agent NOT LIKE '%mobile%')
      THEN 'tablet'
    WHEN agent LIKE '%iphone%' OR agent LIKE '%ipod%' OR agent LIKE '%mobile%' THEN 'phone'
    WHEN agent LIKE '%windows%' OR agent LIKE '%macintosh%' OR agent LIKE '%linux%' OR agent LIKE '%cros%'
      THEN 'computer'
  END AS device,
  purchases > 0 AS converted
FROM named
