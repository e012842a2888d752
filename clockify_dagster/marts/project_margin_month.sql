-- A row for each project, month and currency: what its hours bill against what they cost, without expenses.
--
-- key: workspace_id, project_id?, month, currency, cost_currency
-- adds up: hours = work_hours, billable_hours, amount per currency, cost per cost_currency
--
-- workspace_id VARCHAR: The workspace.
-- project_id VARCHAR: The project. Null: entries without a project.
-- project_name VARCHAR: The project's name; "(no project)", or "(deleted project …)".
-- client_id VARCHAR: Its client. Null: none.
-- client_name VARCHAR: The client's name; "(no client)", or "(deleted client …)".
-- month DATE: The first day of the month in which the entries begin.
-- hours DOUBLE: Hours of work.
-- billable_hours DOUBLE: Billable hours.
-- amount DOUBLE: What they bill, in major units.
-- currency VARCHAR: The currency of amount.
-- cost DOUBLE: What the hours of work cost, in major units.
-- cost_currency VARCHAR: The currency of cost.
-- margin DOUBLE: amount - cost. Null where their currencies differ.
-- margin_share DOUBLE: margin / amount. Null where there is no amount.
-- effective_rate DOUBLE: amount / hours: what an hour of work brings in, billable or not. Null without hours.
SELECT
    workspace_id,
    project_id,
    any_value(project_name) AS project_name,
    any_value(client_id) AS client_id,
    any_value(client_name) AS client_name,
    month,
    sum(work_hours) AS hours,
    sum(billable_hours) AS billable_hours,
    sum(amount) AS amount,
    currency,
    sum(cost) AS cost,
    cost_currency,
    CASE WHEN currency = cost_currency THEN sum(amount) - sum(cost) END AS margin,
    CASE WHEN currency = cost_currency THEN (sum(amount) - sum(cost)) / nullif(sum(amount), 0) END AS margin_share,
    sum(amount) / nullif(sum(work_hours), 0) AS effective_rate
FROM {marts}.fct_time_entry
GROUP BY workspace_id, project_id, month, currency, cost_currency
