-- A row for each time entry and day on which it lasted: fct_time_entry, split at the midnights of the account's time
-- zone. Hours and money of an entry are shared out by time, so its rows add up to it.
--
-- key: entry_id, local_date
-- adds up: hours, work_hours, billable_hours, amount per currency, cost per cost_currency
--
-- entry_id VARCHAR: The time entry.
-- workspace_id VARCHAR: Its workspace.
-- user_id VARCHAR: Whose time it is.
-- user_name VARCHAR: The user's name, as in fct_time_entry.
-- project_id VARCHAR: The project. Null: none.
-- project_name VARCHAR: The project's name, as in fct_time_entry.
-- client_id VARCHAR: The project's client. Null: none.
-- client_name VARCHAR: The client's name, as in fct_time_entry.
-- task_id VARCHAR: The task. Null: none.
-- local_date DATE: The day, in the account's time zone.
-- hours DOUBLE: How long the entry lasted on this day.
-- billable_hours DOUBLE: The same where it is billable, else 0.
-- amount DOUBLE: What these hours bill, in major units.
-- cost DOUBLE: What these hours cost, in major units.
-- currency VARCHAR: The currency of amount.
-- is_work BOOLEAN: Whether it is work: anything but a break, a holiday or time off.
-- is_running BOOLEAN: Whether the timer still runs. Its one row has no hours.
-- is_billable BOOLEAN: Whether it is to be billed.
-- work_hours DOUBLE: hours where it is work, else 0.
-- type VARCHAR: REGULAR, BREAK, HOLIDAY or TIME_OFF, as Clockify says it.
-- week DATE: The first day of the day's week, by the workspace's first day of the week.
-- month DATE: The first day of the day's month.
-- cost_currency VARCHAR: The currency of cost.
WITH entries AS (
    SELECT
        *,
        -- an entry that ends at midnight does not last on the next day
        CASE
            WHEN ended_at > started_at
            THEN CAST(timezone({zone}, ended_at - INTERVAL 1 MICROSECOND) AS DATE)
            ELSE local_date
        END AS last_date
    FROM {marts}.fct_time_entry
),
pieces AS (
    SELECT *, unnest(
        CASE WHEN last_date > local_date THEN range(last_date - local_date + 1) ELSE [0] END
    ) AS days_later
    FROM entries
),
days AS (
    SELECT
        *,
        local_date + CAST(days_later AS INTEGER) AS day,
        CASE
            WHEN last_date > local_date
            THEN (epoch_us(least(ended_at, timezone({zone}, CAST(day + 1 AS TIMESTAMP))))
                - epoch_us(greatest(started_at, timezone({zone}, CAST(day AS TIMESTAMP)))))
                / (epoch_us(ended_at) - epoch_us(started_at))
            ELSE 1
        END AS share
    FROM pieces
)
SELECT
    entry_id,
    workspace_id,
    user_id,
    user_name,
    project_id,
    project_name,
    client_id,
    client_name,
    task_id,
    day AS local_date,
    hours * share AS hours,
    billable_hours * share AS billable_hours,
    amount * share AS amount,
    cost * share AS cost,
    currency,
    is_work,
    is_running,
    is_billable,
    work_hours * share AS work_hours,
    type,
    week + CAST((day - week) // 7 * 7 AS INTEGER) AS week,
    CAST(date_trunc('month', day) AS DATE) AS month,
    cost_currency
FROM days
