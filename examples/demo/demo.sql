-- Hours by project and month: the largest of each of the last three months
SELECT client_name, project_name, month, round(sum(work_hours), 1) AS hours FROM clockify_marts.fct_time_entry
WHERE month >= date_trunc('month', current_date) - INTERVAL 2 MONTH GROUP BY client_name, project_name, month
QUALIFY row_number() OVER (PARTITION BY month ORDER BY sum(work_hours) DESC) <= 5 ORDER BY month DESC, hours DESC;

-- What to bill of the last three months, by client and currency, and what of it is not invoiced yet
SELECT client_name, month, round(amount, 2) AS amount, currency, round(unbilled_amount, 2) AS not_invoiced
FROM clockify_marts.billing_by_client_month
WHERE month >= date_trunc('month', current_date) - INTERVAL 2 MONTH AND amount > 0 ORDER BY month DESC, amount DESC;

-- Budgets and estimates: how much is used up, and on which day all of it was or will be
SELECT project_name, round(budget, 2) AS budget, round(used, 2) AS used, unit, period_end, used_up_on
FROM clockify_marts.project_budget_burn WHERE is_current ORDER BY used_share DESC NULLS LAST;

-- How much of the time that they had people billed in the last four weeks
SELECT user_name, round(sum(billable_hours), 1) AS billable, round(sum(available_hours), 1) AS available,
       round(100 * sum(billable_hours) / sum(available_hours)) AS percent
FROM clockify_marts.utilisation_by_user_week WHERE week >= current_date - INTERVAL 28 DAY
GROUP BY user_id, user_name HAVING available > 0 ORDER BY percent DESC;

-- Days of the last two weeks on which hours are missing
SELECT user_name, count(*) AS days, round(sum(missing_hours), 1) AS missing_hours
FROM clockify_marts.timesheet_gaps WHERE local_date >= current_date - INTERVAL 14 DAY GROUP BY ALL ORDER BY days DESC;

-- Entries to look at before they are billed
SELECT problem, count(*) AS entries, round(sum(hours), 1) AS hours
FROM clockify_marts.data_quality GROUP BY ALL ORDER BY entries DESC;
