-- A row for each estimate or budget that is running, of a project that is not archived: which share of it is used up,
-- and which share will be at the pace of the last 28 days: at the end of its period or, without one, in 28 days.
SELECT
    burn.workspace_id,
    burn.client_name AS client,
    burn.project_name AS project,
    burn.unit,
    round(burn.budget, 2) AS budget,
    round(burn.used, 2) AS used,
    CAST(burn.period_end AS VARCHAR) AS period_end,
    CAST(burn.used_up_on AS VARCHAR) AS used_up_on,
    burn.used_up_on <= CAST({today} AS DATE) AS is_used_up,
    round(burn.used_share, 4) AS used_share,
    round((burn.used + coalesce(burn.pace_per_day, 0) * coalesce(burn.period_end - CAST({today} AS DATE), 28))
        / burn.budget, 4) AS forecast_share
FROM {marts}.project_budget_burn AS burn
JOIN {marts}.dim_project AS project USING (project_id)
WHERE burn.is_current AND burn.budget > 0 AND NOT project.is_archived
ORDER BY burn.used_share DESC, project, unit
