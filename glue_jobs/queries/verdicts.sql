-- title: Who is taken out of the people-only numbers
-- good for: checking, user by user, which incident takes whose events out, and from when until when.
SELECT incident_id, rule, user_id, taken_out_from, taken_out_until
FROM verdicts
ORDER BY taken_out_from, incident_id, user_id
