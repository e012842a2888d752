-- A row for each time entry and fault: what should be looked at before hours are billed.
--
-- key: entry_id, problem
--
-- entry_id VARCHAR: The time entry.
-- problem VARCHAR: What is wrong. Of work: NO_PROJECT, NO_TASK (but a project), NO_TAG, NO_RATE (billable, without an
--     hourly rate above 0), NO_COST_RATE. Of every entry: TOO_LONG (more than 12 hours), OVERLAPPING (it begins while
--     an earlier one of the same user lasts), IN_THE_FUTURE (it begins later than now), ENDS_BEFORE_START.
-- workspace_id VARCHAR: Its workspace.
-- user_id VARCHAR: Whose time it is.
-- user_name VARCHAR: The user's name.
-- project_id VARCHAR: The project. Null: none.
-- project_name VARCHAR: The project's name.
-- client_name VARCHAR: The client's name.
-- local_date DATE: The day on which it begins.
-- hours DOUBLE: How long it lasted; 0 while it runs.
-- description VARCHAR: What was done, in the user's words.
WITH overlapping AS (
    SELECT id
    FROM (
        SELECT
            id,
            timeinterval_end > timeinterval_start AND timeinterval_start < max(timeinterval_end) OVER (
                PARTITION BY userid ORDER BY timeinterval_start, timeinterval_end NULLS LAST
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS is_overlapping
        FROM {tables}.clockify_timeentries
    )
    WHERE is_overlapping
),
tagged AS (
    SELECT DISTINCT timeentry_id FROM {tables}.clockify_timeentries__tags WHERE tag_id IS NOT NULL
),
entries AS (
    SELECT e.*, t.timeentry_id IS NOT NULL AS has_tag, o.id IS NOT NULL AS is_overlapping
    FROM {marts}.fct_time_entry e
    LEFT JOIN tagged t ON t.timeentry_id = e.entry_id
    LEFT JOIN overlapping o ON o.id = e.entry_id
),
found AS (
    SELECT *, unnest(list_filter([
        CASE WHEN is_work AND project_id IS NULL THEN 'NO_PROJECT' END,
        CASE WHEN is_work AND project_id IS NOT NULL AND task_id IS NULL THEN 'NO_TASK' END,
        CASE WHEN is_work AND NOT has_tag THEN 'NO_TAG' END,
        CASE WHEN is_billable AND coalesce(hourly_rate, 0) <= 0 THEN 'NO_RATE' END,
        CASE WHEN is_work AND coalesce(cost_rate, 0) <= 0 THEN 'NO_COST_RATE' END,
        CASE WHEN hours > 12 THEN 'TOO_LONG' END,
        CASE WHEN is_overlapping THEN 'OVERLAPPING' END,
        CASE WHEN started_at > now() THEN 'IN_THE_FUTURE' END,
        CASE WHEN ended_at < started_at THEN 'ENDS_BEFORE_START' END
    ], lambda each: each IS NOT NULL)) AS problem
    FROM entries
)
SELECT
    entry_id,
    problem,
    workspace_id,
    user_id,
    user_name,
    project_id,
    project_name,
    client_name,
    local_date,
    hours,
    description
FROM found
