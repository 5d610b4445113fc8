-- title: What each run of curate took
-- good for: checking that records = events + rejects + duplicates, and how long the lake has been quiet.
SELECT
  run_id, feed, MAX(taken_at) AS taken_at, COUNT(*) AS objects, CAST(SUM(records) AS BIGINT) AS records,
  CAST(SUM(events) AS BIGINT) AS events, CAST(SUM(rejects) AS BIGINT) AS rejects,
  CAST(SUM(duplicates) AS BIGINT) AS duplicates
FROM runs
GROUP BY run_id, feed
ORDER BY taken_at, feed
