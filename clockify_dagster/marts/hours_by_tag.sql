-- A row for each tag, month and currency. The hours and money of an entry with several tags are shared out evenly among
-- them, so that the sum over all tags is the sum over all entries; those without a tag are "(no tag)".
--
-- key: workspace_id, tag_id?, month, currency, cost_currency
-- adds up: hours = work_hours, billable_hours, amount per currency, cost per cost_currency
--
-- workspace_id VARCHAR: The workspace.
-- tag_id VARCHAR: The tag. Null: entries without a tag.
-- tag_name VARCHAR: The tag's name; "(no tag)", or "(deleted tag …)".
-- month DATE: The first day of the month in which the entries begin.
-- entries BIGINT: How many entries bear the tag.
-- hours DOUBLE: The tag's share of their hours of work.
-- billable_hours DOUBLE: Its share of their billable hours.
-- amount DOUBLE: Its share of what they bill, in major units.
-- currency VARCHAR: The currency of amount.
-- cost DOUBLE: Its share of what they cost, in major units.
-- cost_currency VARCHAR: The currency of cost.
WITH borne AS (
    SELECT timeentry_id, list(tag_id) AS tag_ids
    FROM {tables}.clockify_timeentries__tags
    WHERE tag_id IS NOT NULL
    GROUP BY timeentry_id
),
-- the entries that bear the same tags are added up first: to share out every single one takes half as long again
combined AS (
    SELECT
        e.workspace_id,
        e.month,
        e.currency,
        e.cost_currency,
        b.tag_ids,
        count(*) AS entries,
        sum(e.work_hours) AS hours,
        sum(e.billable_hours) AS billable_hours,
        sum(e.amount) AS amount,
        sum(e.cost) AS cost
    FROM {marts}.fct_time_entry e
    LEFT JOIN borne b ON b.timeentry_id = e.entry_id
    GROUP BY e.workspace_id, e.month, e.currency, e.cost_currency, b.tag_ids
),
shared AS (
    SELECT *, unnest(coalesce(tag_ids, [NULL])) AS tag_id, 1 / coalesce(len(tag_ids), 1) AS share
    FROM combined
)
SELECT
    s.workspace_id,
    s.tag_id,
    coalesce(any_value(t.tag_name), '(no tag)') AS tag_name,
    s.month,
    CAST(sum(s.entries) AS BIGINT) AS entries,
    sum(s.hours * s.share) AS hours,
    sum(s.billable_hours * s.share) AS billable_hours,
    sum(s.amount * s.share) AS amount,
    s.currency,
    sum(s.cost * s.share) AS cost,
    s.cost_currency
FROM shared s
LEFT JOIN {marts}.dim_tag t ON t.tag_id = s.tag_id
GROUP BY s.workspace_id, s.tag_id, s.month, s.currency, s.cost_currency
