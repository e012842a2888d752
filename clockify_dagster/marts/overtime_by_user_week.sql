-- A row for each member of a workspace and week: the hours of work beyond those that were available.
--
-- key: workspace_id, user_id?, week
-- adds up: hours = work_hours
--
-- workspace_id VARCHAR: The workspace.
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name.
-- week DATE: The first day of the week, by the workspace's first day of the week.
-- hours DOUBLE: Hours of work.
-- available_hours DOUBLE: The hours that were to be worked, without holidays and approved time off.
-- overtime_hours DOUBLE: What hours are beyond available_hours in the week as a whole. 0 where no hours are expected at all:
--     in the future, of who keeps no timesheet, outside of the main workspace.
-- daily_overtime_hours DOUBLE: What they are beyond them day by day, added up; short days do not make up for long ones.
-- capacity_source VARCHAR: Where the capacity is from: CLOCKIFY (its attendance report) or SETTING
--     (CLOCKIFY_HOURS_PER_DAY).
WITH days AS (
    SELECT d.*, m.is_main AND m.keeps_timesheet AND d.local_date <= CAST(timezone({zone}, now()) AS DATE) AS is_expected
    FROM {marts}.fct_user_day d
    LEFT JOIN {marts}.dim_member m ON m.workspace_id = d.workspace_id AND m.user_id = d.user_id
)
SELECT
    workspace_id,
    user_id,
    any_value(user_name) AS user_name,
    week,
    sum(hours) AS hours,
    sum(available_hours) AS available_hours,
    greatest(coalesce(sum(hours - available_hours) FILTER (WHERE is_expected), 0), 0) AS overtime_hours,
    coalesce(sum(greatest(hours - available_hours, 0)) FILTER (WHERE is_expected), 0) AS daily_overtime_hours,
    min(capacity_source) AS capacity_source
FROM days
GROUP BY workspace_id, user_id, week
