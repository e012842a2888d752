-- A row for each tag, archived ones too, and for tags that time entries bear and that were deleted.
--
-- key: tag_id
--
-- tag_id VARCHAR: The tag.
-- workspace_id VARCHAR: Its workspace.
-- tag_name VARCHAR: Its name; "(deleted tag …)" with the id for one that was deleted.
-- is_archived BOOLEAN: Whether it is archived.
-- is_deleted BOOLEAN: Whether it was deleted.
SELECT DISTINCT ON (id)
    id AS tag_id,
    workspaceid AS workspace_id,
    coalesce(nullif(trim(name), ''), id) AS tag_name,
    coalesce(archived, false) AS is_archived,
    false AS is_deleted
FROM {tables}.clockify_tags
UNION ALL
SELECT
    b.tag_id,
    (SELECT any_value(e.workspaceid) FROM {tables}.clockify_timeentries e WHERE e.id = b.entry_id),
    '(deleted tag ' || b.tag_id || ')',
    false,
    true
FROM (
    SELECT tag_id, min(timeentry_id) AS entry_id
    FROM {tables}.clockify_timeentries__tags
    WHERE tag_id IS NOT NULL
    GROUP BY tag_id
) b
WHERE NOT EXISTS (FROM {tables}.clockify_tags t WHERE t.id = b.tag_id)
