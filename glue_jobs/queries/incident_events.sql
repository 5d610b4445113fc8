-- title: The events that an incident gives as samples
-- good for: looking at what a suspect really did before acting on an alert.
-- asks: incident_id
SELECT
  events.event_time, events.event_id, events.event_type, events.product_id, events.price,
  events.user_id, events.user_session, events.ip_address, events.user_agent
FROM (
  SELECT sample_event_id
  FROM incidents
  CROSS JOIN UNNEST(incidents.sample_event_ids) AS given (sample_event_id)
  WHERE incidents.incident_id = ?
) AS samples
JOIN events ON events.event_id = samples.sample_event_id
ORDER BY events.event_time, events.event_id
