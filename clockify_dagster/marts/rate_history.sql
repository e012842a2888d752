-- A row for each time in which a rate was the same, as far as loads have seen it: of projects, tasks, members of workspaces
-- and members of projects. The one without `valid_to` is today's. What was before the first load is not known.
--
-- key: kind, id, rate, valid_from?
--
-- kind VARCHAR: Whose rate it is: project, task, workspace member or project member.
-- id VARCHAR: The project or task; of a member the keys of both, with a slash between.
-- name VARCHAR: The project's, task's or user's name; "(unknown)".
-- target_name VARCHAR: Of a member the workspace or project; of a task its project. Null: of a project.
-- rate VARCHAR: billable or cost.
-- valid_from TIMESTAMP WITH TIME ZONE: When a load first saw it. Null: it was there at the first load.
-- valid_to TIMESTAMP WITH TIME ZONE: When a load saw another one. Null: it still holds.
-- amount DOUBLE: An hour in major units. Null: none was set.
-- currency VARCHAR: Its currency; of an old rate that of today's.
WITH today AS (
    SELECT 'clockify_projects' AS source, id, 'billable' AS rate, hourlyrate__amount AS amount,
        hourlyrate__currency AS currency
    FROM {tables}.clockify_projects
    UNION ALL
    SELECT 'clockify_projects', id, 'cost', costrate__amount, costrate__currency FROM {tables}.clockify_projects
    UNION ALL
    SELECT 'clockify_tasks', id, 'billable', hourlyrate__amount, hourlyrate__currency FROM {tables}.clockify_tasks
    UNION ALL
    SELECT 'clockify_tasks', id, 'cost', costrate__amount, costrate__currency FROM {tables}.clockify_tasks
    UNION ALL
    SELECT 'clockify_users_memberships', concat_ws('/', user_id, targetid, membershiptype), 'billable',
        hourlyrate_amount, hourlyrate_currency
    FROM {tables}.clockify_users_memberships WHERE membershiptype = 'WORKSPACE'
    UNION ALL
    SELECT 'clockify_users_memberships', concat_ws('/', user_id, targetid, membershiptype), 'cost',
        costrate__amount, costrate__currency
    FROM {tables}.clockify_users_memberships WHERE membershiptype = 'WORKSPACE'
    UNION ALL
    SELECT 'clockify_projects__memberships', concat_ws('/', project_id, userid), 'billable', hourlyrate__amount,
        hourlyrate__currency
    FROM {tables}.clockify_projects__memberships
    UNION ALL
    SELECT 'clockify_projects__memberships', concat_ws('/', project_id, userid), 'cost', costrate__amount,
        costrate__currency
    FROM {tables}.clockify_projects__memberships
),
changes AS (
    SELECT
        table_name AS source, id, CASE WHEN column_name LIKE 'hourly%' THEN 'billable' ELSE 'cost' END AS rate,
        seen_at, CAST(old_value AS DOUBLE) AS old_amount, CAST(new_value AS DOUBLE) AS new_amount, what
    FROM {log}
    WHERE column_name IN ('hourlyrate__amount', 'hourlyrate_amount', 'costrate__amount')
        AND NOT (table_name = 'clockify_users_memberships' AND id NOT LIKE '%/WORKSPACE')
),
times AS (
    SELECT source, id, rate, NULL::TIMESTAMPTZ AS valid_from, min(seen_at) AS valid_to,
        arg_min(old_amount, seen_at) AS amount
    FROM (SELECT * REPLACE (coalesce(old_amount, 'nan') AS old_amount) FROM changes)
    GROUP BY ALL
    UNION ALL
    SELECT source, id, rate, seen_at, lead(seen_at) OVER (PARTITION BY source, id, rate ORDER BY seen_at), new_amount
    FROM changes
    WHERE what <> 'deleted'
    UNION ALL
    SELECT t.source, t.id, t.rate, NULL, NULL, t.amount
    FROM today t
    ANTI JOIN changes c ON c.source = t.source AND c.id = t.id AND c.rate = t.rate
)
SELECT
    CASE h.source
        WHEN 'clockify_projects' THEN 'project'
        WHEN 'clockify_tasks' THEN 'task'
        WHEN 'clockify_users_memberships' THEN 'workspace member'
        ELSE 'project member'
    END AS kind,
    h.id,
    coalesce(CASE h.source
        WHEN 'clockify_projects' THEN p.name
        WHEN 'clockify_tasks' THEN k.name
        ELSE u.name
    END, '(unknown)') AS name,
    CASE h.source
        WHEN 'clockify_projects' THEN NULL
        WHEN 'clockify_users_memberships' THEN w.name
        ELSE p.name
    END AS target_name,
    h.rate,
    h.valid_from,
    h.valid_to,
    CASE WHEN NOT isnan(h.amount) THEN h.amount / 100 END AS amount,
    CASE WHEN NOT isnan(h.amount) THEN t.currency END AS currency
FROM times h
LEFT JOIN today t ON t.source = h.source AND t.id = h.id AND t.rate = h.rate
LEFT JOIN {tables}.clockify_tasks k ON k.id = h.id AND h.source = 'clockify_tasks'
LEFT JOIN {tables}.clockify_projects p ON p.id = CASE h.source
    WHEN 'clockify_projects' THEN h.id
    WHEN 'clockify_tasks' THEN k.projectid
    WHEN 'clockify_projects__memberships' THEN split_part(h.id, '/', 1)
END
LEFT JOIN {tables}.clockify_users u ON u.id = CASE h.source
    WHEN 'clockify_users_memberships' THEN split_part(h.id, '/', 1)
    WHEN 'clockify_projects__memberships' THEN split_part(h.id, '/', 2)
END
LEFT JOIN {tables}.clockify_workspaces w
    ON w.id = split_part(h.id, '/', 2) AND h.source = 'clockify_users_memberships'
