-- A row for each thing that a load found changed: a row that is new, a column with another value, a value of a row that is
-- gone. It is `clockify_change_log` with names. Clockify itself keeps no history, so this begins with the first load.
--
-- key: seen_at, table_name, id, column_name?
--
-- seen_at TIMESTAMP WITH TIME ZONE: When a load saw it; in Clockify it happened since the load before.
-- seen_date DATE: The day of seen_at in the account's time zone.
-- table_name VARCHAR: The table.
-- id VARCHAR: The row's key; of a key of several columns its parts with a slash between.
-- name VARCHAR: What the row is: the project's or task's name, the entry's description, the member's name; "(unknown)".
-- workspace_id VARCHAR: The workspace, where the table says it.
-- what VARCHAR: added, changed, moved (an entry that begins at another instant), or deleted.
-- column_name VARCHAR: Which column has another value. Null of a row that was added.
-- old_value VARCHAR: Its value before, as text.
-- new_value VARCHAR: Its value after, as text. Null of a row that is gone.
-- is_rate BOOLEAN: Whether it is the amount of a rate.
WITH gone AS (
    SELECT table_name, id, arg_max(old_value, seen_at) AS name
    FROM {log}
    WHERE what = 'deleted' AND column_name IN ('name', 'description')
    GROUP BY ALL
)
SELECT
    l.seen_at,
    CAST(timezone({zone}, l.seen_at) AS DATE) AS seen_date,
    l.table_name,
    l.id,
    coalesce(p.name, t.name, e.description, u.name, g.name, '(unknown)') AS name,
    l.workspaceid AS workspace_id,
    l.what,
    l.column_name,
    l.old_value,
    l.new_value,
    coalesce(l.column_name LIKE '%rate\_amount' ESCAPE '\' OR l.column_name LIKE '%rate\_\_amount' ESCAPE '\', false)
        AS is_rate
FROM {log} l
LEFT JOIN {tables}.clockify_projects p ON p.id = l.id AND l.table_name = 'clockify_projects'
LEFT JOIN {tables}.clockify_tasks t ON t.id = l.id AND l.table_name = 'clockify_tasks'
LEFT JOIN {tables}.clockify_timeentries e ON e.id = l.id AND l.table_name = 'clockify_timeentries'
LEFT JOIN {tables}.clockify_users u ON u.id = CASE l.table_name
    WHEN 'clockify_users_memberships' THEN split_part(l.id, '/', 1)
    WHEN 'clockify_projects__memberships' THEN split_part(l.id, '/', 2)
END
LEFT JOIN gone g ON g.table_name = l.table_name AND g.id = l.id
