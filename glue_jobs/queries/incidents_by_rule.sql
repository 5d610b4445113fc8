-- title: Incidents by rule and severity
-- good for: seeing which kinds of attack the shop had, how many, and which still go on.
SELECT
  rule, severity, COUNT(*) AS incidents, COUNT(DISTINCT subject) AS subjects,
  SUM(CASE WHEN state = 'closed' THEN 0 ELSE 1 END) AS still_open,
  MIN(opened_at) AS first_opened, MAX(last_seen_at) AS last_seen
FROM incidents
GROUP BY rule, severity
ORDER BY rule, severity
