-- A row for each day, from the first of January of the year of the first time entry to the end of next year.
--
-- key: local_date
--
-- local_date DATE: The day.
-- year INTEGER: Its year.
-- quarter INTEGER: Its quarter: 1 to 4.
-- month DATE: The first day of its month.
-- week DATE: The Monday of its week; fct_time_entry has the week as the workspace begins it.
-- iso_year INTEGER: The year of its ISO week.
-- iso_week INTEGER: Its ISO week: 1 to 53.
-- weekday VARCHAR: Its weekday, as Monday.
-- weekday_number INTEGER: The same as a number: 1 is Monday, 7 is Sunday.
-- is_weekend BOOLEAN: Whether it is a Saturday or a Sunday.
-- is_past BOOLEAN: Whether it is over, in the account's time zone.
WITH limits AS (
    SELECT
        CAST(timezone({zone}, now()) AS DATE) AS today,
        CAST(timezone({zone}, min(timeinterval_start)) AS DATE) AS first_day
    FROM {tables}.clockify_timeentries
),
days AS (
    SELECT
        CAST(unnest(generate_series(
            date_trunc('year', CAST(least(first_day, today) AS TIMESTAMP)),
            date_trunc('year', CAST(today AS TIMESTAMP)) + INTERVAL 2 YEAR - INTERVAL 1 DAY,
            INTERVAL 1 DAY
        )) AS DATE) AS day,
        today
    FROM limits
)
SELECT
    day AS local_date,
    CAST(year(day) AS INTEGER) AS year,
    CAST(quarter(day) AS INTEGER) AS quarter,
    CAST(date_trunc('month', day) AS DATE) AS month,
    day - CAST(isodow(day) - 1 AS INTEGER) AS week,
    CAST(isoyear(day) AS INTEGER) AS iso_year,
    CAST(week(day) AS INTEGER) AS iso_week,
    dayname(day) AS weekday,
    CAST(isodow(day) AS INTEGER) AS weekday_number,
    isodow(day) > 5 AS is_weekend,
    day < today AS is_past
FROM days
