-- A row for each client, archived ones too, and for clients that projects name and that were deleted.
--
-- key: client_id
--
-- client_id VARCHAR: The client.
-- workspace_id VARCHAR: Its workspace.
-- client_name VARCHAR: Its name; "(deleted client …)" with the id for one that was deleted.
-- currency VARCHAR: The currency in which it pays; the workspace's where it has none of its own.
-- is_archived BOOLEAN: Whether it is archived.
-- is_deleted BOOLEAN: Whether it was deleted.
SELECT DISTINCT ON (c.id)
    c.id AS client_id,
    c.workspaceid AS workspace_id,
    coalesce(nullif(trim(c.name), ''), c.id) AS client_name,
    coalesce(nullif(c.currencycode, ''), w.currency, '(none)') AS currency,
    coalesce(c.archived, false) AS is_archived,
    false AS is_deleted
FROM {tables}.clockify_clients c
LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = c.workspaceid
UNION ALL
SELECT
    p.clientid, any_value(p.workspaceid), '(deleted client ' || p.clientid || ')', any_value(coalesce(w.currency, '(none)')),
    false, true
FROM {tables}.clockify_projects p
LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = p.workspaceid
WHERE p.clientid IS NOT NULL AND NOT EXISTS (FROM {tables}.clockify_clients c WHERE c.id = p.clientid)
GROUP BY p.clientid
