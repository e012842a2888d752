-- A row for each client, month and currency: what its hours bill, and how much of that is invoiced.
--
-- key: workspace_id, client_id?, month, currency
-- adds up: hours = work_hours, billable_hours, amount per currency
--
-- workspace_id VARCHAR: The workspace.
-- client_id VARCHAR: The client. Null: none.
-- client_name VARCHAR: The client's name; "(no client)", or "(deleted client …)".
-- month DATE: The first day of the month in which the entries begin.
-- hours DOUBLE: Hours of work.
-- billable_hours DOUBLE: Billable hours.
-- amount DOUBLE: What they bill, in major units.
-- currency VARCHAR: The currency of all amounts of the row.
-- invoiced_amount DOUBLE: What of amount is invoiced, at the rates of the entries.
-- unbilled_amount DOUBLE: What of amount is not.
-- hours_without_rate DOUBLE: Billable hours without an hourly rate above 0, which bill nothing.
-- billable_share DOUBLE: billable_hours / hours. Null without hours.
-- effective_rate DOUBLE: amount / hours: what an hour of work brings in, billable or not. Null without hours.
-- realisation DOUBLE: invoiced_amount / amount: how much of what could be billed is. Null without an amount.
SELECT
    workspace_id,
    client_id,
    any_value(client_name) AS client_name,
    month,
    sum(work_hours) AS hours,
    sum(billable_hours) AS billable_hours,
    sum(amount) AS amount,
    currency,
    coalesce(sum(amount) FILTER (WHERE is_invoiced), 0) AS invoiced_amount,
    coalesce(sum(amount) FILTER (WHERE NOT is_invoiced), 0) AS unbilled_amount,
    coalesce(sum(billable_hours) FILTER (WHERE coalesce(hourly_rate, 0) <= 0), 0) AS hours_without_rate,
    sum(billable_hours) / nullif(sum(work_hours), 0) AS billable_share,
    sum(amount) / nullif(sum(work_hours), 0) AS effective_rate,
    coalesce(sum(amount) FILTER (WHERE is_invoiced), 0) / nullif(sum(amount), 0) AS realisation
FROM {marts}.fct_time_entry
GROUP BY workspace_id, client_id, month, currency
