-- A row for each member and past day with fewer hours of work than were available: late or forgotten timesheets. Kiosks,
-- invitees, and days before the first time entry or after somebody has left are left out.
--
-- key: workspace_id, user_id, local_date
--
-- workspace_id VARCHAR: The workspace.
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name.
-- local_date DATE: The day, in the account's time zone.
-- week DATE: The first day of its week, by the workspace's first day of the week.
-- hours DOUBLE: Hours of work on that day.
-- available_hours DOUBLE: The hours that were to be worked, without holidays and approved time off.
-- missing_hours DOUBLE: available_hours - hours.
-- capacity_source VARCHAR: Where the capacity is from: CLOCKIFY (its attendance report) or SETTING
--     (CLOCKIFY_HOURS_PER_DAY).
SELECT
    workspace_id,
    user_id,
    user_name,
    local_date,
    week,
    hours,
    available_hours,
    available_hours - hours AS missing_hours,
    capacity_source
FROM {marts}.fct_user_day
-- less than half a minute is rounding
WHERE is_past AND available_hours - hours > 0.008
