-- A row for each task of a project, those that are done too, and for tasks that time entries name and that were deleted.
--
-- key: task_id
--
-- task_id VARCHAR: The task.
-- workspace_id VARCHAR: Its workspace.
-- task_name VARCHAR: Its name; "(deleted task …)" with the id for one that was deleted.
-- project_id VARCHAR: The project that it is a part of; of a deleted one, the project of the entries that name it.
-- is_done BOOLEAN: Whether it is done.
-- is_billable BOOLEAN: Whether new time entries of it are billable unless said otherwise.
-- is_deleted BOOLEAN: Whether it was deleted.
-- estimate_hours DOUBLE: The hours estimated. Null where Clockify tells none.
-- budget DOUBLE: The budget in major units. Null where Clockify tells none.
-- hourly_rate DOUBLE: What an hour bills, before what its project says. Null where none is set.
-- cost_rate DOUBLE: What an hour costs, before what its project says. Null where none is set.
SELECT DISTINCT ON (id)
    id AS task_id,
    workspaceid AS workspace_id,
    coalesce(nullif(trim(name), ''), id) AS task_name,
    projectid AS project_id,
    coalesce(status = 'DONE', false) AS is_done,
    coalesce(billable, false) AS is_billable,
    false AS is_deleted,
    epoch(try_cast(
        regexp_replace(regexp_replace(estimate, '[PT]', '', 'g'), '([DHMS])', ' \1 ', 'g') AS INTERVAL
    )) / 3600 AS estimate_hours,
    budgetestimate / 100 AS budget,
    hourlyrate__amount / 100 AS hourly_rate,
    costrate__amount / 100 AS cost_rate
FROM {tables}.clockify_tasks
UNION ALL BY NAME
SELECT
    e.taskid AS task_id,
    any_value(e.workspaceid) AS workspace_id,
    '(deleted task ' || e.taskid || ')' AS task_name,
    min(e.projectid) AS project_id,
    false AS is_done,
    false AS is_billable,
    true AS is_deleted
FROM {tables}.clockify_timeentries e
WHERE e.taskid IS NOT NULL AND NOT EXISTS (FROM {tables}.clockify_tasks t WHERE t.id = e.taskid)
GROUP BY e.taskid
