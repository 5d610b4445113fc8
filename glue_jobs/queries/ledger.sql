-- title: The ledger: what became of every record taken, by arrival hour
-- good for: checking that records = accepted + rejected + duplicates + forgotten holds of the rows that are really there, and finding the object in which it does not.
SELECT
  feed, arrival_hour, COUNT(*) AS objects, CAST(SUM(records) AS BIGINT) AS records,
  CAST(SUM(read_as_incidents + event_rows) AS BIGINT) AS accepted, CAST(SUM(reject_rows) AS BIGINT) AS rejected,
  CAST(SUM(duplicates) AS BIGINT) AS duplicates, CAST(SUM(forgotten) AS BIGINT) AS forgotten,
  CAST(SUM(unexplained) AS BIGINT) AS unexplained,
  MIN(CASE WHEN unexplained > 0 THEN source_object END) AS first_object
FROM (
  SELECT
    *, ABS(records - events - rejects - duplicates) + ABS(events - read_as_incidents - event_rows)
    + ABS(rejects - reject_rows) - forgotten + CASE WHEN times_taken > 1 THEN records ELSE 0 END AS unexplained
  FROM (
    SELECT
      objects.*,
      CASE WHEN arrival_hour < events_until THEN GREATEST(events - read_as_incidents - event_rows, 0) ELSE 0 END
      + CASE WHEN arrival_hour < rejects_until THEN GREATEST(rejects - reject_rows, 0) ELSE 0 END AS forgotten
    FROM (
      SELECT
        NULLIF(MAX(feed), '') AS feed, source_object,
        REGEXP_EXTRACT(source_object, '[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}') AS arrival_hour,
        SUM(records) AS records, SUM(events) AS events, SUM(rejects) AS rejects, SUM(duplicates) AS duplicates,
        SUM(times_taken) AS times_taken, SUM(read_as_incidents) AS read_as_incidents, SUM(event_rows) AS event_rows,
        SUM(reject_rows) AS reject_rows
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
    CROSS JOIN (
      SELECT
        MAX(CASE WHEN table_name = 'events' THEN until_hour ELSE '' END) AS events_until,
        MAX(CASE WHEN table_name = 'rejects' THEN until_hour ELSE '' END) AS rejects_until
      FROM forgotten
    ) AS gone
  ) AS objects
) AS objects
GROUP BY feed, arrival_hour
ORDER BY arrival_hour, feed
