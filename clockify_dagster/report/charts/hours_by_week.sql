-- A row for each workspace, client, week and month: hours of work, and billable hours. A week that two months share has
-- a row in each, so that a choice of months adds up.
SELECT
    workspace_id,
    client_name AS client,
    strftime(month, '%Y-%m') AS month,
    CAST(week AS VARCHAR) AS week,
    round(sum(work_hours), 4) AS hours,
    round(sum(billable_hours), 4) AS billable_hours
FROM {marts}.fct_time_entry
GROUP BY ALL
HAVING sum(work_hours) <> 0 OR sum(billable_hours) <> 0
ORDER BY ALL
