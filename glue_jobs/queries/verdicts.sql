-- title: Who is taken out of the people-only numbers
-- good for: checking, subject by subject, which incident takes whose events out, and from when until when.
SELECT incident_id, rule, subject_type, subject, taken_out_from, taken_out_until
FROM verdicts
ORDER BY taken_out_from, incident_id, subject_type, subject
