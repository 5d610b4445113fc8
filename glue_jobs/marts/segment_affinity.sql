-- title: What each segment buys
-- good for: choosing what to show and write to a segment of buyers: the categories it likes more than others do.
-- grain: One row a segment of buyers and category that one of them bought in.
-- period: none
-- reads: rfm basket_days
-- key: segment category
-- order: segment, lift DESC, buyers DESC, category
-- column: segment string: The segment, as in rfm.
-- column: category string: The category.
-- column: buyers bigint: Users of the segment who bought in the category.
-- column: segment_buyers bigint: Users of the segment.
-- column: share double: buyers / segment_buyers.
-- column: share_overall double: Users of all segments who bought in the category / users of all segments.
-- column: lift double: share / share_overall: above 1, the segment likes the category more than buyers do on the whole.
WITH bought AS (
  SELECT user_id, category
  FROM seen_basket_days
  WHERE purchases > 0
  GROUP BY user_id, category
), counted AS (
  SELECT rfm.segment, bought.category, COUNT(*) AS buyers
  FROM bought
  JOIN seen_rfm AS rfm ON rfm.user_id = bought.user_id
  GROUP BY rfm.segment, bought.category
), categories AS (
  SELECT category, CAST(SUM(buyers) AS BIGINT) AS buyers
  FROM counted
  GROUP BY category
), segments AS (
  SELECT segment, COUNT(*) AS buyers, CAST(SUM(COUNT(*)) OVER () AS BIGINT) AS all_buyers
  FROM seen_rfm
  GROUP BY segment
), shared AS (
  SELECT
    counted.segment,
    counted.category,
    counted.buyers,
    segments.buyers AS segment_buyers,
    CAST(counted.buyers AS DOUBLE) / segments.buyers AS share,
    CAST(categories.buyers AS DOUBLE) / segments.all_buyers AS share_overall
  FROM counted
  JOIN categories ON categories.category = counted.category
  JOIN segments ON segments.segment = counted.segment
)
SELECT segment, category, buyers, segment_buyers, share, share_overall, share / share_overall AS lift
FROM shared
