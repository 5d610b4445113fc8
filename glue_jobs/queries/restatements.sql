-- title: Numbers that changed after they could have been read
-- good for: telling somebody why yesterday's report says something else today, with the incident that is the reason.
-- period: period_start
SELECT
  restated_at, mart, reading, period_start, row_key, number, was, now, cause, incident_ids
FROM restatements
ORDER BY restated_at, mart, reading, period_start, row_key, number, restatement_id
