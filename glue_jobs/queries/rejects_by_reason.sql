-- title: Records that are no events, by reason
-- good for: finding the sender that went wrong: since when, how often, and an object to look into.
SELECT
  reason, COUNT(*) AS records, MIN(arrived_at) AS first_arrival, MAX(arrived_at) AS last_arrival,
  MIN(source_object) AS first_object
FROM rejects
GROUP BY reason
ORDER BY records DESC, reason
