-- A row for each user of any workspace, those who have left too, and those who are in no list any more but have time
-- entries. What differs from workspace to workspace is in dim_member.
--
-- key: user_id
--
-- user_id VARCHAR: The user.
-- user_name VARCHAR: The user's name; "(deleted user …)" with the id for somebody who is in no list.
-- email VARCHAR: The user's address; null for somebody who is in no list.
-- account_status VARCHAR: The state of the account, for example ACTIVE, LIMITED or DELETED; UNLISTED for somebody who is
--     in no list.
-- is_listed BOOLEAN: Whether the user is in a list of users.
-- timezone VARCHAR: The time zone in which Clockify shows the user's days. The marts count days in the account's.
SELECT DISTINCT ON (id)
    id AS user_id,
    coalesce(nullif(trim(name), ''), nullif(trim(email), ''), id) AS user_name,
    email,
    coalesce(status, 'ACTIVE') AS account_status,
    true AS is_listed,
    settings__timezone AS timezone
FROM {tables}.clockify_users
UNION ALL
SELECT DISTINCT userid, '(deleted user ' || userid || ')', NULL, 'UNLISTED', false, NULL
FROM {tables}.clockify_timeentries e
WHERE userid IS NOT NULL AND NOT EXISTS (FROM {tables}.clockify_users u WHERE u.id = e.userid)
