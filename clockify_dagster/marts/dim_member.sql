-- A row for each workspace and user in it, those who have left too: what they bill and cost there, and whether hours are
-- expected of them. Who has time entries in a workspace that does not list them is here as well.
--
-- key: workspace_id, user_id
--
-- workspace_id VARCHAR: The workspace.
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name.
-- account_status VARCHAR: The state of the account, for example ACTIVE or DELETED; UNLISTED for who is in no list.
-- membership_status VARCHAR: The state of the membership: PENDING, ACTIVE, DECLINED or INACTIVE. Null: not listed.
-- has_left BOOLEAN: Whether the user is no longer in the workspace: the account deleted, the membership inactive or gone.
-- keeps_timesheet BOOLEAN: Whether hours are expected: not of invitees, nor of accounts without a person, such as kiosks
--     (account PENDING_EMAIL_VERIFICATION or NOT_REGISTERED, membership PENDING or DECLINED).
-- is_main BOOLEAN: Whether it is the user's main workspace: the one with the most of their hours. A working day has its
--     capacity there alone.
-- hourly_rate DOUBLE: What an hour of the user bills in the workspace, in major units. Null where none is set.
-- hourly_currency VARCHAR: Its currency.
-- cost_rate DOUBLE: What an hour of the user costs in the workspace, in major units. Null where none is set.
-- cost_currency VARCHAR: Its currency.
-- first_date DATE: The day of the user's first time entry in the workspace, of those that are loaded. Null: none.
-- last_date DATE: The day of the last one.
WITH worked AS (
    SELECT
        workspaceid,
        userid,
        CAST(timezone({zone}, min(timeinterval_start)) AS DATE) AS first_date,
        CAST(timezone({zone}, max(timeinterval_start)) AS DATE) AS last_date,
        coalesce(sum(epoch(timeinterval_end) - epoch(timeinterval_start)), 0) AS seconds
    FROM {tables}.clockify_timeentries
    WHERE userid IS NOT NULL
    GROUP BY workspaceid, userid
),
members AS (
    SELECT DISTINCT ON (targetid, user_id) * FROM {tables}.clockify_users_memberships
    WHERE membershiptype = 'WORKSPACE' AND targetid IN (SELECT id FROM {tables}.clockify_workspaces)
)
SELECT
    coalesce(m.targetid, e.workspaceid) AS workspace_id,
    coalesce(m.user_id, e.userid) AS user_id,
    coalesce(u.user_name, '(deleted user ' || coalesce(m.user_id, e.userid) || ')') AS user_name,
    coalesce(u.account_status, 'UNLISTED') AS account_status,
    m.membershipstatus AS membership_status,
    coalesce(u.account_status, 'UNLISTED') IN ('DELETED', 'LIMITED_DELETED', 'UNLISTED')
        OR coalesce(m.membershipstatus, 'INACTIVE') = 'INACTIVE' AS has_left,
    coalesce(u.account_status, '') NOT IN ('PENDING_EMAIL_VERIFICATION', 'NOT_REGISTERED')
        AND coalesce(m.membershipstatus, '') NOT IN ('PENDING', 'DECLINED') AS keeps_timesheet,
    row_number() OVER (
        PARTITION BY coalesce(m.user_id, e.userid)
        ORDER BY coalesce(e.seconds, 0) DESC, coalesce(m.targetid, e.workspaceid)
    ) = 1 AS is_main,
    m.hourlyrate_amount / 100 AS hourly_rate,
    m.hourlyrate_currency AS hourly_currency,
    m.costrate__amount / 100 AS cost_rate,
    m.costrate__currency AS cost_currency,
    e.first_date,
    e.last_date
FROM members m
FULL JOIN worked e ON e.workspaceid = m.targetid AND e.userid = m.user_id
LEFT JOIN {marts}.dim_user u ON u.user_id = coalesce(m.user_id, e.userid)
