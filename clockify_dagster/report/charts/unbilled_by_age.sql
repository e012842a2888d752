-- A row for each workspace, client, age and currency: finished billable work that is not invoiced and bills something.
SELECT
    workspace_id,
    client_name AS client,
    age,
    currency,
    round(sum(billable_hours), 4) AS hours,
    round(sum(amount), 4) AS amount
FROM {marts}.unbilled_work
GROUP BY ALL
HAVING sum(amount) <> 0
ORDER BY ALL
