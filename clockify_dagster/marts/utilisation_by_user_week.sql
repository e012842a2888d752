-- A row for each member of a workspace and week: hours and billable hours against the hours that were available. The
-- running week counts up to today. docs/metrics.md says what utilisation is, and what else it is taken for.
--
-- key: workspace_id, user_id?, week
-- adds up: hours = work_hours, billable_hours
--
-- workspace_id VARCHAR: The workspace.
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name.
-- week DATE: The first day of the week, by the workspace's first day of the week.
-- hours DOUBLE: Hours of work.
-- billable_hours DOUBLE: Billable hours.
-- capacity_hours DOUBLE: The hours that were to be worked, but for holidays and time off.
-- holiday_hours DOUBLE: What of the capacity was holiday.
-- time_off_hours DOUBLE: What of it was approved time off.
-- available_hours DOUBLE: capacity_hours - holiday_hours - time_off_hours.
-- utilisation DOUBLE: billable_hours / available_hours. Null where no hours were available.
-- total_utilisation DOUBLE: hours / available_hours. Null where no hours were available.
-- capacity_source VARCHAR: Where the capacity is from: CLOCKIFY (its attendance report) or SETTING
--     (CLOCKIFY_HOURS_PER_DAY).
-- absence_source VARCHAR: Where holidays and time off are from: CLOCKIFY (its holidays and requests) or ENTRIES of these
--     types.
SELECT
    workspace_id,
    user_id,
    any_value(user_name) AS user_name,
    week,
    sum(hours) AS hours,
    sum(billable_hours) AS billable_hours,
    sum(capacity_hours) AS capacity_hours,
    sum(holiday_hours) AS holiday_hours,
    sum(time_off_hours) AS time_off_hours,
    sum(available_hours) AS available_hours,
    sum(billable_hours) / nullif(sum(available_hours), 0) AS utilisation,
    sum(hours) / nullif(sum(available_hours), 0) AS total_utilisation,
    min(capacity_source) AS capacity_source,
    min(absence_source) AS absence_source
FROM {marts}.fct_user_day
GROUP BY workspace_id, user_id, week
