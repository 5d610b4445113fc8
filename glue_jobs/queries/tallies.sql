-- title: What the detector did with the records
-- good for: checking that nothing vanished: on time, late and rejected add up to what was sent.
SELECT outcome, reason, CAST(SUM(records) AS BIGINT) AS records, MIN(period_start) AS first_period, MAX(period_start) AS last_period
FROM tallies
GROUP BY outcome, reason
ORDER BY outcome, reason
