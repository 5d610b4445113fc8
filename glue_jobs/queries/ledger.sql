-- title: The ledger: what became of every record taken, by arrival hour
-- good for: checking that records = accepted + rejected + duplicates holds of the rows that are really there, and finding the object in which it does not.
SELECT
  feed, arrival_hour, COUNT(*) AS objects, CAST(SUM(records) AS BIGINT) AS records,
  CAST(SUM(accepted) AS BIGINT) AS accepted, CAST(SUM(rejected) AS BIGINT) AS rejected,
  CAST(SUM(duplicates) AS BIGINT) AS duplicates, CAST(SUM(unexplained) AS BIGINT) AS unexplained,
  MIN(CASE WHEN unexplained > 0 THEN source_object END) AS first_object
FROM (
  SELECT
    NULLIF(MAX(feed), '') AS feed, source_object,
    REGEXP_EXTRACT(source_object, '[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}') AS arrival_hour,
    SUM(records) AS records, SUM(read_as_incidents) + SUM(event_rows) AS accepted, SUM(reject_rows) AS rejected,
    SUM(duplicates) AS duplicates,
    ABS(SUM(records) - SUM(events) - SUM(rejects) - SUM(duplicates))
    + ABS(SUM(events) - SUM(read_as_incidents) - SUM(event_rows)) + ABS(SUM(rejects) - SUM(reject_rows))
    + CASE WHEN SUM(times_taken) > 1 THEN SUM(records) ELSE 0 END AS unexplained
  FROM (
    SELECT
      feed, source_object, records, events, rejects, duplicates, 1 AS times_taken,
      CASE WHEN feed = 'incidents' THEN events ELSE 0 END AS read_as_incidents, 0 AS event_rows, 0 AS reject_rows
    FROM runs
    UNION ALL
    SELECT '' AS feed, source_object, 0, 0, 0, 0, 0, 0, COUNT(*), 0
    FROM events
    GROUP BY source_object
    UNION ALL
    SELECT '' AS feed, source_object, 0, 0, 0, 0, 0, 0, 0, COUNT(*)
    FROM rejects
    GROUP BY source_object
  ) AS sides
  GROUP BY source_object
) AS objects
GROUP BY feed, arrival_hour
ORDER BY arrival_hour, feed
