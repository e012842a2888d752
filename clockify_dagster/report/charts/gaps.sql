-- A row for each workspace, person and month with days on which hours are missing.
SELECT
    workspace_id,
    strftime(local_date, '%Y-%m') AS month,
    coalesce(person, user_name) AS person,
    count(*) AS days,
    round(sum(missing_hours), 2) AS missing_hours,
    CAST(max(local_date) AS VARCHAR) AS latest
FROM {marts}.timesheet_gaps
LEFT JOIN {people} USING (user_id)
GROUP BY ALL
ORDER BY ALL
