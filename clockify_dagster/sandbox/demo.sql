-- Hours by project and month: the largest of each of the last three months
SELECT coalesce(c.name, '(internal)') AS client, coalesce(p.name, e.projectid, '(no project)') AS project,
       strftime(e.timeinterval_start, '%Y-%m') AS month,
       round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) / 3600, 1) AS hours
FROM clockify_timeentries e
LEFT JOIN clockify_projects p ON p.id = e.projectid
LEFT JOIN clockify_clients c ON c.id = p.clientid
WHERE e.timeinterval_start >= date_trunc('month', current_date) - INTERVAL 2 MONTH
GROUP BY client, project, month
QUALIFY row_number() OVER (PARTITION BY month ORDER BY hours DESC) <= 5 ORDER BY month DESC, hours DESC;

-- Who worked how much this month and the last, billable or not
SELECT coalesce(u.name, e.userid) AS who, u.status AS account, strftime(e.timeinterval_start, '%Y-%m') AS month,
       round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) FILTER (WHERE e.billable) / 3600, 1) AS billable,
       round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) / 3600, 1) AS hours
FROM clockify_timeentries e LEFT JOIN clockify_users u ON u.id = e.userid
WHERE e.timeinterval_start >= date_trunc('month', current_date) - INTERVAL 1 MONTH
GROUP BY ALL ORDER BY month DESC, hours DESC;

-- What to bill, by client and currency, at the rate of each entry
SELECT coalesce(c.name, '(internal)') AS client, e.hourlyrate__currency AS currency,
       round(sum(epoch(e.timeinterval_end - e.timeinterval_start) / 3600 * e.hourlyrate__amount / 100), 2) AS amount
FROM clockify_timeentries e
LEFT JOIN clockify_projects p ON p.id = e.projectid
LEFT JOIN clockify_clients c ON c.id = p.clientid
WHERE e.billable GROUP BY ALL HAVING amount > 0 ORDER BY amount DESC;

-- The most used tags (entries may still name tags that were deleted)
SELECT coalesce(t.name, 'deleted: ' || et.tag_id) AS tag, count(*) AS entries
FROM clockify_timeentries__tags et LEFT JOIN clockify_tags t ON t.id = et.tag_id
GROUP BY ALL ORDER BY entries DESC LIMIT 6;
