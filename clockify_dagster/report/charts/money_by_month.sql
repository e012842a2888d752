-- A row for each workspace, client, month, currency and kind: what the hours bill (Revenue), and what they cost (Cost).
WITH money AS (
    SELECT workspace_id, client_name, month, 'Revenue' AS kind, amount AS value, currency
    FROM {marts}.project_margin_month
    UNION ALL
    SELECT workspace_id, client_name, month, 'Cost', cost, cost_currency
    FROM {marts}.project_margin_month
)
SELECT
    workspace_id,
    client_name AS client,
    strftime(month, '%Y-%m') AS month,
    currency,
    kind,
    round(sum(value), 4) AS value
FROM money
GROUP BY ALL
HAVING sum(value) <> 0
ORDER BY ALL
