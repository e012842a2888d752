-- A row for each user and day in their main workspace, from the first time entry to today (of who has left, to the last
-- one), and for all other days and workspaces with entries: hours against capacity, holidays and approved time off.
-- Entries are split at midnight.
--
-- key: workspace_id, user_id?, local_date
-- adds up: hours = work_hours, billable_hours
--
-- workspace_id VARCHAR: The workspace.
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name.
-- local_date DATE: The day, in the account's time zone.
-- week DATE: The first day of its week, by the workspace's first day of the week.
-- hours DOUBLE: Hours of work.
-- billable_hours DOUBLE: Billable hours.
-- capacity_hours DOUBLE: The hours that were to be worked, but for holidays and time off: what Clockify's attendance report
--     says of the day, else on a working day of the workspace what it says most often of the user, else
--     CLOCKIFY_HOURS_PER_DAY. 0 for future days, for who keeps no timesheet, and outside of the user's main workspace.
-- holiday_hours DOUBLE: What of the capacity is holiday: by Clockify's holidays, or by entries of this type.
-- time_off_hours DOUBLE: What of the rest is time off: by approved requests, or by entries of this type.
-- available_hours DOUBLE: capacity_hours - holiday_hours - time_off_hours.
-- is_past BOOLEAN: Whether the day is over.
-- capacity_source VARCHAR: Where the capacity is from: CLOCKIFY (its attendance report) or SETTING.
-- absence_source VARCHAR: Where holidays and time off are from: CLOCKIFY (its holidays and requests), or ENTRIES where the
--     workspace has none of either.
WITH members AS (
    SELECT
        m.*,
        w.working_days,
        w.week_start_day,
        CAST(timezone({zone}, now()) AS DATE) AS today
    FROM {marts}.dim_member m
    LEFT JOIN {marts}.dim_workspace w ON w.workspace_id = m.workspace_id
),
calendar AS (
    SELECT
        workspace_id,
        user_id,
        CAST(unnest(generate_series(
            CAST(first_date AS TIMESTAMP),
            CAST(CASE WHEN has_left THEN least(last_date, today) ELSE today END AS TIMESTAMP),
            INTERVAL 1 DAY
        )) AS DATE) AS local_date
    FROM members
    WHERE first_date IS NOT NULL AND is_main AND keeps_timesheet
),
worked AS (
    SELECT
        workspace_id,
        user_id,
        local_date,
        sum(work_hours) AS hours,
        sum(billable_hours) AS billable_hours,
        coalesce(sum(hours) FILTER (WHERE type = 'HOLIDAY'), 0) AS holiday_hours,
        coalesce(sum(hours) FILTER (WHERE type = 'TIME_OFF'), 0) AS time_off_hours
    FROM {marts}.fct_time_entry_day
    GROUP BY workspace_id, user_id, local_date
),
days AS (
    SELECT
        coalesce(c.workspace_id, w.workspace_id) AS workspace_id,
        coalesce(c.user_id, w.user_id) AS user_id,
        coalesce(c.local_date, w.local_date) AS local_date,
        coalesce(w.hours, 0) AS hours,
        coalesce(w.billable_hours, 0) AS billable_hours,
        coalesce(w.holiday_hours, 0) AS entered_holiday,
        coalesce(w.time_off_hours, 0) AS entered_time_off
    FROM calendar c
    FULL JOIN worked w
        ON w.workspace_id = c.workspace_id AND w.user_id = c.user_id AND w.local_date = c.local_date
),
attendance AS (
    SELECT workspaceid, userid, try_cast(left(date, 10) AS DATE) AS local_date, max(capacity) / 3600 AS capacity
    FROM {tables}.clockify_attendance
    WHERE capacity IS NOT NULL
    GROUP BY workspaceid, userid, local_date
),
usual AS (
    SELECT workspaceid, userid, mode(capacity) AS capacity FROM attendance WHERE capacity > 0 GROUP BY workspaceid, userid
),
holiday_members AS (
    SELECT h.id, m.user_id
    FROM {tables}.clockify_holidays h
    JOIN {marts}.dim_member m ON m.workspace_id = h.workspaceid
    WHERE h.everyoneincludingnew
    UNION
    SELECT holiday_id, user_id FROM {tables}.clockify_holidays__users
    UNION
    SELECT g.holiday_id, u.user_id
    FROM {tables}.clockify_holidays__usergroups g
    JOIN {tables}.clockify_usergroups__users u ON u.usergroup_id = g.usergroup_id
),
holidays AS (
    SELECT DISTINCT h.workspaceid, m.user_id, d.local_date
    FROM (
        SELECT
            *,
            try_cast(left(startdate, 10) AS DATE) AS first_day,
            coalesce(try_cast(left(enddate, 10) AS DATE), first_day) AS last_day,
            strftime(first_day, '%m%d') AS begins,
            strftime(last_day, '%m%d') AS ends
        FROM {tables}.clockify_holidays
    ) h
    JOIN holiday_members m ON m.id = h.id
    JOIN {marts}.dim_date d ON d.local_date >= h.first_day AND (
        d.local_date <= h.last_day
        OR (h.occursannually AND CASE
            WHEN h.begins <= h.ends THEN strftime(d.local_date, '%m%d') BETWEEN h.begins AND h.ends
            -- one that lasts into the next year
            ELSE strftime(d.local_date, '%m%d') >= h.begins OR strftime(d.local_date, '%m%d') <= h.ends
        END)
    )
),
requests AS (
    SELECT
        r.workspaceid,
        r.userid,
        r.period__start AS began,
        r.period__end AS ended,
        CASE WHEN r.halfday THEN 0.5 ELSE 1 END AS share,
        coalesce(nullif(r.timeunit, ''), p.timeunit, 'DAYS') AS unit,
        d.local_date,
        timezone({zone}, CAST(d.local_date AS TIMESTAMP)) AS midnight,
        timezone({zone}, CAST(d.local_date + 1 AS TIMESTAMP)) AS next_midnight,
        timezone({zone}, CAST(d.local_date AS TIMESTAMP) + INTERVAL 12 HOUR) AS noon
    FROM {tables}.clockify_timeoff_requests r
    LEFT JOIN {tables}.clockify_timeoff_policies p ON p.id = r.policyid
    JOIN {marts}.dim_date d
        ON d.local_date BETWEEN CAST(timezone({zone}, r.period__start) AS DATE) AND CAST(timezone({zone}, r.period__end) AS DATE)
    WHERE upper(r.status__statustype) = 'APPROVED' AND r.period__end > r.period__start
),
-- a day off is one whose noon lies within the request: its ends are midnights of the user's zone, not of the account's
time_off AS (
    SELECT
        workspaceid,
        userid,
        local_date,
        least(sum(CASE WHEN unit <> 'HOURS' AND noon >= began AND noon < ended THEN share ELSE 0 END), 1) AS day_share,
        sum(CASE
            WHEN unit = 'HOURS' THEN greatest(epoch(least(ended, next_midnight)) - epoch(greatest(began, midnight)), 0) / 3600
            ELSE 0
        END) AS hours
    FROM requests
    GROUP BY workspaceid, userid, local_date
),
planned AS (
    SELECT workspaceid FROM {tables}.clockify_holidays
    UNION
    SELECT workspaceid FROM {tables}.clockify_timeoff_requests
),
capacities AS (
    SELECT
        d.*,
        m.user_name,
        m.today,
        coalesce(m.week_start_day, 1) AS week_start_day,
        h.user_id IS NOT NULL AS is_holiday,
        coalesce(t.day_share, 0) AS day_share_off,
        coalesce(t.hours, 0) AS hours_off,
        u.capacity IS NOT NULL OR a.capacity IS NOT NULL AS is_told,
        d.workspace_id IN (SELECT workspaceid FROM planned) AS is_planned,
        CASE
            WHEN NOT m.is_main OR NOT m.keeps_timesheet OR d.local_date > m.today THEN 0
            WHEN a.capacity IS NOT NULL THEN a.capacity
            WHEN contains(m.working_days, upper(dayname(d.local_date))) THEN coalesce(u.capacity, {hours_per_day})
            ELSE 0
        END AS capacity_hours
    FROM days d
    LEFT JOIN members m ON m.workspace_id = d.workspace_id AND m.user_id = d.user_id
    LEFT JOIN attendance a
        ON a.workspaceid = d.workspace_id AND a.userid = d.user_id AND a.local_date = d.local_date
    LEFT JOIN usual u ON u.workspaceid = d.workspace_id AND u.userid = d.user_id
    LEFT JOIN holidays h
        ON h.workspaceid = d.workspace_id AND h.user_id = d.user_id AND h.local_date = d.local_date
    LEFT JOIN time_off t
        ON t.workspaceid = d.workspace_id AND t.userid = d.user_id AND t.local_date = d.local_date
),
absences AS (
    SELECT
        *,
        CASE WHEN is_holiday THEN capacity_hours ELSE least(capacity_hours, entered_holiday) END AS holiday_hours,
        least(
            capacity_hours - holiday_hours,
            greatest(day_share_off * capacity_hours + hours_off, entered_time_off)
        ) AS time_off_hours
    FROM capacities
)
SELECT
    workspace_id,
    user_id,
    coalesce(user_name, '(no user)') AS user_name,
    local_date,
    local_date - CAST((isodow(local_date) - week_start_day + 7) % 7 AS INTEGER) AS week,
    hours,
    billable_hours,
    capacity_hours,
    holiday_hours,
    time_off_hours,
    capacity_hours - holiday_hours - time_off_hours AS available_hours,
    local_date < today AS is_past,
    CASE WHEN is_told THEN 'CLOCKIFY' ELSE 'SETTING' END AS capacity_source,
    CASE WHEN is_planned THEN 'CLOCKIFY' ELSE 'ENTRIES' END AS absence_source
FROM absences
