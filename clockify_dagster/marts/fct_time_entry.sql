-- A row for each time entry, of everybody, of every type and with or without a project: whose, for whom, how long, and
-- what it is worth. Nothing is left out, so the hours are those of Clockify's detailed report; leave out what is no work
-- with `is_work`. Amounts are not rounded: round the sum, as Clockify does.
--
-- key: entry_id
--
-- entry_id VARCHAR: The time entry.
-- workspace_id VARCHAR: Its workspace.
-- user_id VARCHAR: Whose time it is.
-- user_name VARCHAR: The user's name; "(deleted user …)" for somebody who is in no list of users.
-- project_id VARCHAR: The project. Null: none.
-- project_name VARCHAR: The project's name; "(no project)", or "(deleted project …)".
-- client_id VARCHAR: The project's client. Null: none.
-- client_name VARCHAR: The client's name; "(no client)", or "(deleted client …)".
-- task_id VARCHAR: The task. Null: none.
-- local_date DATE: The day on which it begins, in the account's time zone.
-- hours DOUBLE: How long it lasted; 0 while it runs.
-- billable_hours DOUBLE: The same where it is billable, else 0.
-- amount DOUBLE: What it bills, in major units: billable hours x hourly rate. 0 without a rate.
-- cost DOUBLE: What it costs, in major units: hours of work x cost rate. 0 without a rate.
-- currency VARCHAR: The currency of amount: the hourly rate's; without one the cost rate's, else the project's, else the
--     workspace's.
-- is_work BOOLEAN: Whether it is work: anything but a break, a holiday or time off.
-- is_running BOOLEAN: Whether the timer still runs. It has no hours until it is stopped.
-- is_billable BOOLEAN: Whether it is to be billed.
-- work_hours DOUBLE: hours where it is work, else 0.
-- workspace_name VARCHAR: The workspace's name.
-- task_name VARCHAR: The task's name; "(no task)", or "(deleted task …)".
-- description VARCHAR: What was done, in the user's words; empty where nothing was said.
-- type VARCHAR: REGULAR, BREAK, HOLIDAY or TIME_OFF, as Clockify says it.
-- started_at TIMESTAMP WITH TIME ZONE: When it began: an instant.
-- ended_at TIMESTAMP WITH TIME ZONE: When it ended: an instant. Null while it runs.
-- week DATE: The first day of its week, by the workspace's first day of the week.
-- month DATE: The first day of its month.
-- hourly_rate DOUBLE: What an hour of it bills, in major units. Null where none is set.
-- cost_rate DOUBLE: What an hour of it costs, in major units. Null where none is set.
-- cost_currency VARCHAR: The currency of cost: the cost rate's; without one, that of amount.
-- margin DOUBLE: amount - cost. Null where their currencies differ.
-- is_invoiced BOOLEAN: Whether an invoice that is not void bills it, or somebody marked it as invoiced; false where
--     Clockify tells nothing of it.
-- invoice_id VARCHAR: The invoice. Null: none, or marked by hand.
-- approval_state VARCHAR: The state of the timesheet on which it was last handed in: PENDING, APPROVED, REJECTED or
--     withdrawn, as Clockify says it; NOT_SUBMITTED where it was not.
WITH invoiced AS (
    SELECT entry_id, max(invoice_id) AS invoice_id
    FROM (
        SELECT b.timeentry_id AS entry_id, b.invoiceid AS invoice_id
        FROM {tables}.clockify_timeentries__billing b
        LEFT JOIN {tables}.clockify_invoices i ON i.id = b.invoiceid
        WHERE b.manuallyinvoiced OR (b.invoiceid IS NOT NULL AND coalesce(i.status, '') <> 'VOID')
        UNION ALL
        SELECT unnest(from_json(line.timeentryids, '["VARCHAR"]')), line.invoice_id
        FROM {tables}.clockify_invoices__items line
        LEFT JOIN {tables}.clockify_invoices i ON i.id = line.invoice_id
        WHERE line.timeentryids LIKE '[%' AND coalesce(i.status, '') <> 'VOID'
    )
    GROUP BY entry_id
),
approvals AS (
    SELECT s.entry_id, arg_max(r.status__state, coalesce(r.status__updatedat, TIMESTAMPTZ '1970-01-01')) AS state
    FROM (
        SELECT timeentry_id AS entry_id, approvalrequest_id AS request_id
        FROM {tables}.clockify_approval_requests__entries
        UNION ALL
        SELECT timeentry_id, approvalrequestid
        FROM {tables}.clockify_timeentries__billing
        WHERE approvalrequestid IS NOT NULL
    ) s
    JOIN {tables}.clockify_approval_requests r ON r.id = s.request_id
    GROUP BY s.entry_id
),
entries AS (
    SELECT
        *,
        coalesce(type, '') NOT IN ('BREAK', 'HOLIDAY', 'TIME_OFF') AS is_work,
        coalesce((epoch_us(timeinterval_end) - epoch_us(timeinterval_start)) / 3.6e9, 0) AS hours,
        CAST(timezone({zone}, timeinterval_start) AS DATE) AS local_date
    FROM {tables}.clockify_timeentries
),
valued AS (
    SELECT
        *,
        CASE WHEN billable THEN hours ELSE 0 END AS billable_hours,
        billable_hours * coalesce(hourlyrate__amount, 0) / 100 AS amount,
        CASE WHEN is_work THEN hours * coalesce(costrate__amount, 0) / 100 ELSE 0 END AS cost,
        CASE WHEN hourlyrate__amount IS NOT NULL THEN nullif(hourlyrate__currency, '') END AS billed_in,
        CASE WHEN costrate__amount IS NOT NULL THEN nullif(costrate__currency, '') END AS paid_in
    FROM entries
)
SELECT
    e.id AS entry_id,
    e.workspaceid AS workspace_id,
    e.userid AS user_id,
    coalesce(u.user_name, '(no user)') AS user_name,
    e.projectid AS project_id,
    coalesce(p.project_name, '(no project)') AS project_name,
    p.client_id,
    coalesce(p.client_name, '(no client)') AS client_name,
    e.taskid AS task_id,
    e.local_date,
    e.hours,
    e.billable_hours,
    e.amount,
    e.cost,
    coalesce(e.billed_in, e.paid_in, p.currency, w.currency, '(none)') AS currency,
    e.is_work,
    e.timeinterval_end IS NULL AS is_running,
    coalesce(e.billable, false) AS is_billable,
    CASE WHEN e.is_work THEN e.hours ELSE 0 END AS work_hours,
    coalesce(w.workspace_name, e.workspaceid) AS workspace_name,
    coalesce(t.task_name, '(no task)') AS task_name,
    coalesce(e.description, '') AS description,
    coalesce(e.type, 'REGULAR') AS type,
    e.timeinterval_start AS started_at,
    e.timeinterval_end AS ended_at,
    CAST(
        e.local_date - CAST((isodow(e.local_date) - coalesce(w.week_start_day, 1) + 7) % 7 AS INTEGER) AS DATE
    ) AS week,
    CAST(date_trunc('month', e.local_date) AS DATE) AS month,
    e.hourlyrate__amount / 100 AS hourly_rate,
    e.costrate__amount / 100 AS cost_rate,
    coalesce(e.paid_in, e.billed_in, p.currency, w.currency, '(none)') AS cost_currency,
    CASE WHEN coalesce(e.billed_in = e.paid_in, true) THEN e.amount - e.cost END AS margin,
    i.entry_id IS NOT NULL AS is_invoiced,
    i.invoice_id,
    coalesce(a.state, 'NOT_SUBMITTED') AS approval_state
FROM valued e
LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = e.workspaceid
LEFT JOIN {marts}.dim_user u ON u.user_id = e.userid
LEFT JOIN {marts}.dim_project p ON p.project_id = e.projectid
LEFT JOIN {marts}.dim_task t ON t.task_id = e.taskid
LEFT JOIN invoiced i ON i.entry_id = e.id
LEFT JOIN approvals a ON a.entry_id = e.id
