"""When Dagster refreshes by itself. All schedules are off until somebody turns them on."""

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from clockify_dagster.defs import jobs
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import days_to_load, tags_of
from clockify_dagster.defs.resources import ClockifyResource, chosen
from clockify_dagster.defs.run_workspaces import tags_of_workspaces
from clockify_dagster.errors import DatabaseLockedError

DAILY_REFRESH, WEEKLY_INTEGRAL, DAILY_CHECKS = "daily_refresh", "weekly_integral", "daily_checks"
SCHEDULES = (DAILY_REFRESH, WEEKLY_INTEGRAL, DAILY_CHECKS)
"""What their names end with, after the account's."""

_PATIENCE_SECONDS = 10


def all_schedules(account: Account) -> list[ScheduleDefinition]:
    """The daily refresh at five in the morning, its checks at six, the integral tables on Sundays at two."""
    calendar = account.calendar

    @schedule(
        name=account.named(DAILY_REFRESH),
        job_name=account.named(jobs.DAILY),
        required_resource_keys=account.resource_keys,
        cron_schedule="0 5 * * *",
        execution_timezone=calendar.timezone,
        description=(
            "Reference tables, then the update window and whatever days were never loaded: "
            "a missed day is taken along by the next tick."
        ),
    )
    def daily_refresh(context: ScheduleEvaluationContext) -> list[RunRequest]:
        # a tick has a minute, so it does not wait long for a file in use; the run itself does
        patient = account.warehouse(context.resources).warehouse(account.contract, patience=_PATIENCE_SECONDS)
        requests = []
        with error_boundary():
            clockify = account.client(context.resources)
            for workspaces in _workspaces_of_runs(clockify):
                try:
                    days = days_to_load(calendar, patient, workspaces or clockify.settings.workspaces)
                except DatabaseLockedError as error:
                    days = calendar.window
                    context.log.warning(
                        f"Only the update window is loaded this time, without days that were never loaded: {error}"
                    )
                key = " ".join([context.scheduled_execution_time.isoformat(), *workspaces, str(days)])
                requests.append(RunRequest(run_key=key, tags={**tags_of(days), **tags_of_workspaces(workspaces)}))
        return requests

    return [
        daily_refresh,
        ScheduleDefinition(
            name=account.named(WEEKLY_INTEGRAL),
            job_name=account.named(jobs.INTEGRAL),
            cron_schedule="0 2 * * 0",
            execution_timezone=calendar.timezone,
            description="All time entries, read again whole.",
        ),
        ScheduleDefinition(
            name=account.named(DAILY_CHECKS),
            job_name=account.named(jobs.CHECKS),
            cron_schedule="0 6 * * *",
            execution_timezone=calendar.timezone,
            description="All checks, an hour after the daily refresh, and the comparison with Clockify's totals.",
        ),
    ]


def _workspaces_of_runs(clockify: ClockifyResource) -> list[tuple[str, ...]]:
    """The workspaces of each run of a refresh: one for all of them, unless each is to have a run of its own."""
    if not clockify.settings.runs_by_workspace:
        return [()]
    settings = clockify.settings
    seen = [str(document.get("id")) for document in clockify.client.workspaces().documents]
    return [(each,) for each in chosen(seen, settings.workspaces, by=settings.named("workspaces"))]
