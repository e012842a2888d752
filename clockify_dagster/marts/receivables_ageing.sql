-- A row for each invoice that was sent and is not paid in full, with how long it has been due. Void invoices and drafts
-- (UNSENT) are left out.
--
-- key: invoice_id
--
-- invoice_id VARCHAR: The invoice.
-- workspace_id VARCHAR: Its workspace.
-- invoice_number VARCHAR: The number that stands on it.
-- client_id VARCHAR: Who is billed.
-- client_name VARCHAR: The client's name.
-- status VARCHAR: Its status in Clockify: SENT, PARTIALLY_PAID or OVERDUE.
-- issued_date DATE: The day on which it was issued.
-- due_date DATE: The day on which it is due.
-- days_overdue BIGINT: For how many days it has been overdue today; 0 where it is not due yet.
-- age VARCHAR: "not due", "1-30", "31-60", "61-90" or "over 90" days overdue.
-- amount DOUBLE: What it bills, in major units.
-- paid DOUBLE: What was paid of it, in major units.
-- balance DOUBLE: What is still to be paid, in major units.
-- currency VARCHAR: The currency of its amounts.
WITH sent AS (
    SELECT
        *,
        -- Clockify gives these days as instants at midnight UTC
        CAST(timezone('UTC', issueddate) AS DATE) AS issued_date,
        CAST(timezone('UTC', duedate) AS DATE) AS due_date,
        greatest(CAST(timezone({zone}, now()) AS DATE) - CAST(timezone('UTC', duedate) AS DATE), 0) AS days_overdue
    FROM {tables}.clockify_invoices
    WHERE coalesce(status, '') NOT IN ('UNSENT', 'VOID', 'PAID') AND balance > 0
)
SELECT
    i.id AS invoice_id,
    i.workspaceid AS workspace_id,
    i.number AS invoice_number,
    i.clientid AS client_id,
    coalesce(c.client_name, nullif(i.clientname, ''), '(deleted client ' || i.clientid || ')', '(no client)') AS client_name,
    i.status,
    i.issued_date,
    i.due_date,
    coalesce(i.days_overdue, 0) AS days_overdue,
    CASE
        WHEN coalesce(i.days_overdue, 0) = 0 THEN 'not due' WHEN i.days_overdue <= 30 THEN '1-30'
        WHEN i.days_overdue <= 60 THEN '31-60' WHEN i.days_overdue <= 90 THEN '61-90' ELSE 'over 90'
    END AS age,
    i.amount / 100 AS amount,
    coalesce(i.paid, 0) / 100 AS paid,
    i.balance / 100 AS balance,
    coalesce(i.currency, '(none)') AS currency
FROM sent i
LEFT JOIN {marts}.dim_client c ON c.client_id = i.clientid
