"""When Dagster refreshes by itself. All schedules are off until somebody turns them on."""

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from clockify_dagster.defs import jobs
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import days_to_load, tags_of
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
    def daily_refresh(context: ScheduleEvaluationContext) -> RunRequest:
        # a tick has a minute, so it does not wait long for a file in use; the run itself does
        patient = account.warehouse(context.resources).warehouse(account.contract, patience=_PATIENCE_SECONDS)
        with error_boundary():
            try:
                days = days_to_load(calendar, patient, account.client(context.resources).settings.workspaces)
            except DatabaseLockedError as error:
                days = calendar.window
                context.log.warning(
                    f"Only the update window is loaded this time, without days that were never loaded: {error}"
                )
        return RunRequest(run_key=f"{context.scheduled_execution_time.isoformat()} {days}", tags=tags_of(days))

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
