-- title: The events of an incident, those it gives as samples marked
-- good for: looking at what a suspect really did before acting on an alert, and at all that is taken out for it.
-- asks: incident_id
-- Those that its verdict takes out; where there is none, those of its subject, of a surge of the busiest users, from
-- the window's beginning on.
WITH asked AS (
  SELECT * FROM incidents WHERE incident_id = ?
), spans AS (
  SELECT verdicts.subject_type, verdicts.subject, taken_out_from AS begins, taken_out_until AS ends, TRUE AS taken_out
  FROM verdicts
  JOIN asked ON asked.incident_id = verdicts.incident_id
  UNION ALL
  SELECT subject_type, subject, opened_at - window_seconds * INTERVAL '1' SECOND, last_seen_at, FALSE
  FROM (
    SELECT incident_id, subject_type, subject, opened_at, last_seen_at, window_seconds
    FROM asked
    WHERE subject_type <> 'site'
    UNION ALL
    SELECT incident_id, 'user', given.user_id, opened_at, last_seen_at, window_seconds
    FROM asked
    CROSS JOIN UNNEST(asked.subjects) AS given (user_id)
    WHERE subject_type = 'site'
  ) AS suspects
  WHERE incident_id NOT IN (SELECT incident_id FROM verdicts)
), samples AS (
  SELECT DISTINCT given.event_id
  FROM asked
  CROSS JOIN UNNEST(asked.sample_event_ids) AS given (event_id)
)
SELECT
  events.event_time, events.event_id, events.event_type, events.product_id, events.price,
  events.user_id, events.user_session, events.ip_address, events.user_agent,
  samples.event_id IS NOT NULL AS sampled,
  COALESCE(of_user.taken_out, of_session.taken_out, of_address.taken_out, FALSE) AS taken_out
FROM events
LEFT JOIN spans AS of_user
  ON of_user.subject_type = 'user' AND of_user.subject = events.user_id
  AND events.event_time BETWEEN of_user.begins AND of_user.ends
LEFT JOIN spans AS of_session
  ON of_session.subject_type = 'session' AND of_session.subject = events.user_session
  AND events.event_time BETWEEN of_session.begins AND of_session.ends
LEFT JOIN spans AS of_address
  ON of_address.subject_type = 'address' AND of_address.subject = events.ip_address
  AND events.event_time BETWEEN of_address.begins AND of_address.ends
LEFT JOIN samples ON samples.event_id = events.event_id
WHERE COALESCE(of_user.subject, of_session.subject, of_address.subject, samples.event_id) IS NOT NULL
ORDER BY events.event_time, events.event_id
