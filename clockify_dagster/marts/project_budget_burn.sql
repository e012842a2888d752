-- A row for each project with an active estimate or budget, and each of its periods: how much is used up, and on which
-- day it was or will be used up. One that does not start anew has one row.
--
-- key: project_id, measure, period_start?
--
-- project_id VARCHAR: The project.
-- measure VARCHAR: HOURS for an estimate, MONEY for a budget.
-- period_start DATE: The first day of the period. Null where it does not start anew.
-- period_end DATE: The last day of the period. Null where it does not start anew.
-- is_current BOOLEAN: Whether the period is the one that is running.
-- workspace_id VARCHAR: The project's workspace.
-- project_name VARCHAR: The project's name.
-- client_name VARCHAR: The client's name; "(no client)" where there is none.
-- unit VARCHAR: "h", or the project's currency. Amounts in other currencies are not counted.
-- budget DOUBLE: The hours estimated, or the budget in major units.
-- used DOUBLE: What is used up: hours of work (billable ones alone, where the estimate says so), or what they bill and,
--     where the budget includes them, billable expenses.
-- used_by_expenses DOUBLE: The expenses among it.
-- remaining DOUBLE: budget - used; below 0 where more was used.
-- used_share DOUBLE: used / budget. Null where the budget is 0.
-- pace_per_day DOUBLE: What a day of the last 28, with today, used up on average.
-- used_up_on DATE: The day on which it was used up or, of the running period, will be at this pace. Null where it will not
--     be within the period, or nothing was used of late.
WITH plans AS (
    SELECT *, 'HOURS' AS measure, 'h' AS unit, estimate_hours AS amount, estimate_reset AS reset_option, false AS with_expenses
    FROM {marts}.dim_project
    WHERE estimate_hours IS NOT NULL AND NOT is_template
    UNION ALL
    SELECT *, 'MONEY', currency, budget, budget_reset, budget_includes_expenses
    FROM {marts}.dim_project
    WHERE budget IS NOT NULL AND NOT is_template
),
entries AS (
    SELECT
        project_id,
        local_date,
        currency,
        sum(work_hours) AS hours,
        sum(billable_hours) AS billable_hours,
        sum(amount) AS amount
    FROM {marts}.fct_time_entry
    WHERE project_id IS NOT NULL
    GROUP BY project_id, local_date, currency
),
-- of each plan and day, what was used; a day of today makes sure that the running period has a row
uses AS (
    SELECT
        p.project_id,
        p.measure,
        e.local_date,
        CASE
            WHEN p.measure = 'MONEY' THEN CASE WHEN e.currency = p.unit THEN e.amount ELSE 0 END
            WHEN p.counts_unbillable THEN e.hours
            ELSE e.billable_hours
        END AS used,
        0 AS used_by_expenses
    FROM plans p
    JOIN entries e ON e.project_id = p.project_id
    UNION ALL
    SELECT p.project_id, p.measure, try_cast(left(x.date, 10) AS DATE), x.total, x.total
    FROM plans p
    JOIN {tables}.clockify_expenses x ON x.projectid = p.project_id
    WHERE p.with_expenses AND x.billable AND x.total IS NOT NULL AND try_cast(left(x.date, 10) AS DATE) IS NOT NULL
    UNION ALL
    SELECT project_id, measure, CAST(timezone({zone}, now()) AS DATE), 0, 0
    FROM plans
),
days AS (
    SELECT
        p.project_id,
        p.measure,
        CAST(CASE p.reset_option
            WHEN 'WEEKLY' THEN p.period_start + CAST(floor((u.local_date - p.period_start) / 7) * 7 AS INTEGER)
            WHEN 'MONTHLY' THEN
                date_trunc('month', u.local_date - CAST(day(p.period_start) - 1 AS INTEGER)) + to_days(day(p.period_start) - 1)
            WHEN 'YEARLY' THEN p.period_start + to_years(
                year(u.local_date) - year(p.period_start)
                - CASE WHEN strftime(u.local_date, '%m%d') < strftime(p.period_start, '%m%d') THEN 1 ELSE 0 END
            )
        END AS DATE) AS period_start,
        u.local_date,
        sum(u.used) AS used,
        sum(u.used_by_expenses) AS used_by_expenses
    FROM plans p
    JOIN uses u ON u.project_id = p.project_id AND u.measure = p.measure
    GROUP BY ALL
),
running AS (
    SELECT
        *,
        sum(used) OVER (PARTITION BY project_id, measure, period_start ORDER BY local_date) AS used_so_far,
        CAST(timezone({zone}, now()) AS DATE) AS today
    FROM days
),
periods AS (
    SELECT
        d.project_id,
        d.measure,
        d.period_start,
        any_value(d.today) AS today,
        sum(d.used) AS used,
        sum(d.used_by_expenses) AS used_by_expenses,
        min(d.local_date) FILTER (WHERE d.used_so_far >= p.amount AND d.used > 0) AS reached_on
    FROM running d
    JOIN plans p ON p.project_id = d.project_id AND p.measure = d.measure
    GROUP BY d.project_id, d.measure, d.period_start
),
paces AS (
    SELECT project_id, measure, sum(used) FILTER (WHERE local_date > today - 28 AND local_date <= today) / 28 AS pace
    FROM running
    GROUP BY project_id, measure
),
forecasts AS (
    SELECT
        r.*,
        p.workspace_id, p.project_name, p.client_name, p.unit, p.amount, coalesce(s.pace, 0) AS pace,
        CAST(CASE p.reset_option
            WHEN 'WEEKLY' THEN r.period_start + 6
            WHEN 'MONTHLY' THEN r.period_start + INTERVAL 1 MONTH - INTERVAL 1 DAY
            WHEN 'YEARLY' THEN r.period_start + INTERVAL 1 YEAR - INTERVAL 1 DAY
        END AS DATE) AS period_end,
        r.period_start IS NOT DISTINCT FROM (CASE WHEN p.reset_option IS NOT NULL THEN p.period_start END) AS is_current,
        -- no further than a date can be told; what takes a hundred years is not used up
        CASE WHEN (p.amount - r.used) / nullif(s.pace, 0) < 36500 THEN
            r.today + CAST(ceil((p.amount - r.used) / nullif(s.pace, 0)) AS INTEGER)
        END AS expected_on
    FROM periods r
    JOIN plans p ON p.project_id = r.project_id AND p.measure = r.measure
    JOIN paces s ON s.project_id = r.project_id AND s.measure = r.measure
)
SELECT
    project_id,
    measure,
    period_start,
    period_end,
    is_current,
    workspace_id,
    project_name,
    client_name,
    unit,
    amount AS budget,
    used,
    used_by_expenses,
    amount - used AS remaining,
    used / nullif(amount, 0) AS used_share,
    pace AS pace_per_day,
    coalesce(
        reached_on,
        CASE WHEN is_current AND used < amount AND expected_on <= coalesce(period_end, expected_on) THEN expected_on END
    ) AS used_up_on
FROM forecasts
