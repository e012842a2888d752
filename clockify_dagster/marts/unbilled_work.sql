-- A row for each client, project, age and currency: finished billable time that is not invoiced. Where the plan has no
-- invoices, nothing is invoiced.
--
-- key: workspace_id, client_id?, project_id?, age, currency
-- adds up: billable_hours, amount per currency
-- of: is_billable AND NOT is_invoiced
--
-- workspace_id VARCHAR: The workspace.
-- client_id VARCHAR: The client. Null: none.
-- client_name VARCHAR: The client's name; "(no client)", or "(deleted client …)".
-- project_id VARCHAR: The project. Null: none.
-- project_name VARCHAR: The project's name; "(no project)", or "(deleted project …)".
-- age VARCHAR: How long ago the work began, in days: "0-30", "31-60", "61-90" or "over 90"; "planned" is in the future.
-- entries BIGINT: How many entries there are.
-- billable_hours DOUBLE: Their hours.
-- amount DOUBLE: What they bill, in major units.
-- currency VARCHAR: The currency of amount.
-- oldest_date DATE: The day of the oldest of them.
WITH aged AS (
    SELECT *, CAST(timezone({zone}, now()) AS DATE) - local_date AS days
    FROM {marts}.fct_time_entry
    WHERE is_billable AND NOT is_invoiced AND NOT is_running
)
SELECT
    workspace_id,
    client_id,
    any_value(client_name) AS client_name,
    project_id,
    any_value(project_name) AS project_name,
    CASE
        WHEN days < 0 THEN 'planned' WHEN days <= 30 THEN '0-30' WHEN days <= 60 THEN '31-60'
        WHEN days <= 90 THEN '61-90' ELSE 'over 90'
    END AS age,
    count(*) AS entries,
    sum(billable_hours) AS billable_hours,
    sum(amount) AS amount,
    currency,
    min(local_date) AS oldest_date
FROM aged
GROUP BY workspace_id, client_id, project_id, age, currency
