-- A row for each time entry that is too long to be true, the newest first.
SELECT
    workspace_id,
    client_name AS client,
    strftime(local_date, '%Y-%m') AS month,
    CAST(local_date AS VARCHAR) AS day,
    coalesce(person, user_name) AS person,
    project_name AS project,
    round(hours, 2) AS hours
FROM {marts}.data_quality
LEFT JOIN {people} USING (user_id)
WHERE problem = 'TOO_LONG'
ORDER BY local_date DESC, 5, hours DESC
