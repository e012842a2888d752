-- A row for each project, archived ones and templates too, and for projects that time entries name and that were
-- deleted. Estimates are in hours, budgets in major units; where they start anew, with the period that is running now.
--
-- key: project_id
--
-- project_id VARCHAR: The project.
-- workspace_id VARCHAR: Its workspace.
-- project_name VARCHAR: Its name; "(deleted project …)" with the id for one that was deleted.
-- client_id VARCHAR: Its client. Null: none, or the project was deleted.
-- client_name VARCHAR: The client's name; "(no client)" where there is none.
-- currency VARCHAR: The currency in which it bills: that of its rate, else of most of its entries, else of its client, else
--     of its workspace.
-- hourly_rate DOUBLE: What an hour bills where no task, member or entry says otherwise. Null where none is set.
-- cost_rate DOUBLE: What an hour costs where no task, member or entry says otherwise. Null where none is set.
-- is_billable BOOLEAN: Whether new time entries of it are billable unless said otherwise.
-- is_archived BOOLEAN: Whether it is archived.
-- is_template BOOLEAN: Whether it is a template and no project itself.
-- is_deleted BOOLEAN: Whether it was deleted.
-- estimate_hours DOUBLE: The hours estimated: of the project as a whole or, where they are estimated one by one, of its
--     tasks together. Null where no estimate is active.
-- estimate_reset VARCHAR: How often the estimate starts anew: WEEKLY, MONTHLY or YEARLY. Null where it does not.
-- budget DOUBLE: The budget, likewise. Null where none is active.
-- budget_reset VARCHAR: How often the budget starts anew.
-- counts_unbillable BOOLEAN: Whether hours that are not billable use up the estimate.
-- budget_includes_expenses BOOLEAN: Whether billable expenses use up the budget.
-- period_start DATE: The first day of the period that is running, where estimate or budget start anew, by the day that
--     Clockify gives (a day of the month after the 28th counts as the 28th; its hour is left out), else by the
--     workspace's week or the calendar. Null where nothing starts anew.
-- period_end DATE: The last day of that period.
WITH resets AS (
    -- the day on which a period begins, of the week, the month and the year
    SELECT DISTINCT ON (p.id)
        p.id AS projectid,
        coalesce(
            nullif(p.budgetestimate__resetoption, ''), nullif(p.timeestimate__resetoption, '')
        ) AS reset_option,
        CAST(timezone({zone}, now()) AS DATE) AS today,
        coalesce(list_position(
            ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
            p.estimatereset ->> 'dayOfWeek'
        ), w.week_start_day, 1) AS weekday,
        least(coalesce(try_cast(p.estimatereset ->> 'dayOfMonth' AS INTEGER), 1), 28) AS monthday,
        coalesce(month(try_strptime(p.estimatereset ->> 'month', '%B')), 1) AS yearmonth
    FROM {tables}.clockify_projects p
    LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = p.workspaceid
),
periods AS (
    SELECT
        projectid,
        reset_option,
        CAST(CASE reset_option
            WHEN 'WEEKLY' THEN today - CAST((isodow(today) - weekday + 7) % 7 AS INTEGER)
            WHEN 'MONTHLY' THEN date_trunc('month', today - CAST(monthday - 1 AS INTEGER)) + to_days(monthday - 1)
            WHEN 'YEARLY' THEN make_date(year(today), yearmonth, monthday) - to_years(
                CASE WHEN today < make_date(year(today), yearmonth, monthday) THEN 1 ELSE 0 END
            )
        END AS DATE) AS period_start
    FROM resets
),
of_tasks AS (
    SELECT
        projectid,
        sum(epoch(try_cast(
            regexp_replace(regexp_replace(estimate, '[PT]', '', 'g'), '([DHMS])', ' \1 ', 'g') AS INTERVAL
        )) / 3600) AS hours,
        sum(budgetestimate) / 100 AS money
    FROM {tables}.clockify_tasks
    GROUP BY projectid
),
of_entries AS (
    SELECT projectid, hourlyrate__currency AS currency
    FROM {tables}.clockify_timeentries
    WHERE hourlyrate__currency <> '' AND projectid IS NOT NULL
    GROUP BY projectid, hourlyrate__currency
    QUALIFY row_number() OVER (PARTITION BY projectid ORDER BY count(*) DESC, currency) = 1
)
SELECT DISTINCT ON (p.id)
    p.id AS project_id,
    p.workspaceid AS workspace_id,
    coalesce(nullif(trim(p.name), ''), p.id) AS project_name,
    p.clientid AS client_id,
    coalesce(c.client_name, '(no client)') AS client_name,
    coalesce(
        nullif(p.hourlyrate__currency, ''), of_entries.currency, c.currency, w.currency, '(none)'
    ) AS currency,
    p.hourlyrate__amount / 100 AS hourly_rate,
    p.costrate__amount / 100 AS cost_rate,
    coalesce(p.billable, false) AS is_billable,
    coalesce(p.archived, false) AS is_archived,
    coalesce(p.template, false) AS is_template,
    false AS is_deleted,
    CASE WHEN p.timeestimate__active THEN
        CASE WHEN p.timeestimate__type = 'AUTO' THEN coalesce(of_tasks.hours, 0) ELSE epoch(try_cast(
            regexp_replace(regexp_replace(p.timeestimate__estimate, '[PT]', '', 'g'), '([DHMS])', ' \1 ', 'g')
            AS INTERVAL
        )) / 3600 END
    END AS estimate_hours,
    nullif(p.timeestimate__resetoption, '') AS estimate_reset,
    CASE WHEN p.budgetestimate__active THEN
        CASE WHEN p.budgetestimate__type = 'AUTO' THEN coalesce(of_tasks.money, 0) ELSE p.budgetestimate__estimate / 100 END
    END AS budget,
    nullif(p.budgetestimate__resetoption, '') AS budget_reset,
    coalesce(p.timeestimate__includenonbillable, true) AS counts_unbillable,
    coalesce(p.budgetestimate__includeexpenses, false) AS budget_includes_expenses,
    periods.period_start,
    CAST(CASE periods.reset_option
        WHEN 'WEEKLY' THEN periods.period_start + 6
        WHEN 'MONTHLY' THEN periods.period_start + INTERVAL 1 MONTH - INTERVAL 1 DAY
        WHEN 'YEARLY' THEN periods.period_start + INTERVAL 1 YEAR - INTERVAL 1 DAY
    END AS DATE) AS period_end
FROM {tables}.clockify_projects p
LEFT JOIN {marts}.dim_client c ON c.client_id = p.clientid
LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = p.workspaceid
LEFT JOIN periods ON periods.projectid = p.id
LEFT JOIN of_tasks ON of_tasks.projectid = p.id
LEFT JOIN of_entries ON of_entries.projectid = p.id
UNION ALL BY NAME
SELECT
    e.projectid AS project_id,
    any_value(e.workspaceid) AS workspace_id,
    '(deleted project ' || e.projectid || ')' AS project_name,
    '(no client)' AS client_name,
    coalesce(any_value(of_entries.currency), any_value(w.currency), '(none)') AS currency,
    false AS is_billable,
    false AS is_archived,
    false AS is_template,
    true AS is_deleted,
    true AS counts_unbillable,
    false AS budget_includes_expenses
FROM {tables}.clockify_timeentries e
LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = e.workspaceid
LEFT JOIN of_entries ON of_entries.projectid = e.projectid
WHERE e.projectid IS NOT NULL AND NOT EXISTS (FROM {tables}.clockify_projects p WHERE p.id = e.projectid)
GROUP BY e.projectid
