-- A row for each workspace, client, person and day: hours of work, entries split at midnight.
SELECT
    workspace_id,
    client_name AS client,
    strftime(local_date, '%Y-%m') AS month,
    CAST(week AS VARCHAR) AS week,
    CAST(local_date AS VARCHAR) AS day,
    coalesce(person, user_name) AS person,
    round(sum(work_hours), 4) AS hours
FROM {marts}.fct_time_entry_day
LEFT JOIN {people} USING (user_id)
GROUP BY ALL
HAVING sum(work_hours) <> 0
ORDER BY ALL
