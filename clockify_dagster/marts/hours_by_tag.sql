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
    SELECT timeentry_id, tag_id, 1 / count(*) OVER (PARTITION BY timeentry_id) AS share
    FROM {tables}.clockify_timeentries__tags
    WHERE tag_id IS NOT NULL
)
SELECT
    e.workspace_id,
    b.tag_id,
    coalesce(any_value(t.tag_name), '(no tag)') AS tag_name,
    e.month,
    count(*) AS entries,
    sum(e.work_hours * coalesce(b.share, 1)) AS hours,
    sum(e.billable_hours * coalesce(b.share, 1)) AS billable_hours,
    sum(e.amount * coalesce(b.share, 1)) AS amount,
    e.currency,
    sum(e.cost * coalesce(b.share, 1)) AS cost,
    e.cost_currency
FROM {marts}.fct_time_entry e
LEFT JOIN borne b ON b.timeentry_id = e.entry_id
LEFT JOIN {marts}.dim_tag t ON t.tag_id = b.tag_id
GROUP BY e.workspace_id, b.tag_id, e.month, e.currency, e.cost_currency
