-- A row for each user, with a name that nobody else has. The SQL of charts has it in place of the word people in braces.
SELECT
    user_id,
    user_name || CASE WHEN count(*) OVER (PARTITION BY user_name) > 1 THEN ' (' || right(user_id, 4) || ')' ELSE '' END
        AS person
FROM {marts}.dim_user
