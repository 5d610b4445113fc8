-- title: What each run of curate took
-- good for: checking that records = events + rejects + duplicates, and how long the lake has been quiet.
SELECT
  run_id, feed, MAX(taken_at) AS taken_at, SUM(objects) AS objects, SUM(records) AS records, SUM(events) AS events,
  SUM(rejects) AS rejects, SUM(duplicates) AS duplicates
FROM runs
GROUP BY run_id, feed
ORDER BY taken_at, feed
