-- A row for each workspace, with what the other marts take from its settings: the first day of its week, its working
-- days and its currency. Clockify keeps the first day of the week with each user, so it is the day that most of the
-- workspace's members have; Monday where none has one.
--
-- key: workspace_id
--
-- workspace_id VARCHAR: The workspace.
-- workspace_name VARCHAR: Its name.
-- plan VARCHAR: Its plan, as Clockify names it.
-- currency VARCHAR: Its default currency; "(none)" where Clockify tells none.
-- week_start VARCHAR: The first day of its week, as MONDAY.
-- week_start_day INTEGER: The same as a number: 1 is Monday, 7 is Sunday.
-- working_days VARCHAR: The days on which it works: a JSON list such as ["MONDAY"]; Monday to Friday where it tells none.
WITH week_starts AS (
    SELECT m.targetid AS workspace_id, upper(u.settings__weekstart) AS week_start
    FROM {tables}.clockify_users_memberships m
    JOIN {tables}.clockify_users u ON u.id = m.user_id
    WHERE m.membershiptype = 'WORKSPACE' AND upper(u.settings__weekstart) IN
        ('MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY')
    GROUP BY m.targetid, upper(u.settings__weekstart)
    QUALIFY row_number() OVER (PARTITION BY m.targetid ORDER BY count(*) DESC, week_start) = 1
)
SELECT DISTINCT ON (w.id)
    w.id AS workspace_id,
    coalesce(nullif(w.name, ''), w.id) AS workspace_name,
    w.featuresubscriptiontype AS plan,
    coalesce(
        list_filter(
            from_json(w.currencies, '[{"code": "VARCHAR", "isDefault": "BOOLEAN"}]'), lambda each: each.isDefault
        )[1].code,
        w.hourlyrate__currency,
        w.costrate__currency,
        '(none)'
    ) AS currency,
    coalesce(s.week_start, 'MONDAY') AS week_start,
    list_position(
        ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'], coalesce(s.week_start, 'MONDAY')
    ) AS week_start_day,
    coalesce(
        nullif(nullif(w.workingdays, ''), '[]'), '["MONDAY","TUESDAY","WEDNESDAY","THURSDAY","FRIDAY"]'
    ) AS working_days
FROM {tables}.clockify_workspaces w
LEFT JOIN week_starts s ON s.workspace_id = w.id
