"""When Dagster refreshes by itself. All schedules are off until somebody turns them on."""

from collections.abc import Iterator

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from clockify_dagster.defs import jobs
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.partitions import Days, pending_days, update_window
from clockify_dagster.defs.resources import WarehouseResource
from clockify_dagster.errors import DatabaseLockedError
from clockify_dagster.settings import Settings

_PATIENCE_SECONDS = 10


def all_schedules(settings: Settings) -> list[ScheduleDefinition]:
    """The daily refresh at five in the morning, its checks at six, the integral tables on Sundays at two."""

    @schedule(
        job=jobs.clockify_daily,
        cron_schedule="0 5 * * *",
        execution_timezone=settings.timezone,
        description=(
            "Reference tables, then the update window and whatever days were never loaded: "
            "a missed day is taken along by the next tick."
        ),
    )
    def clockify_daily_refresh(
        context: ScheduleEvaluationContext, warehouse: WarehouseResource
    ) -> Iterator[RunRequest]:
        tick = context.scheduled_execution_time.isoformat()
        with told():
            for days in _due(Settings.load(), warehouse, context):
                yield RunRequest(run_key=f"{tick} {days}", tags=dict(days.tags))

    weekly = ScheduleDefinition(
        name="clockify_weekly_integral",
        job=jobs.clockify_time_entries_integral,
        cron_schedule="0 2 * * 0",
        execution_timezone=settings.timezone,
        description="All time entries, read again whole.",
    )
    checks = ScheduleDefinition(
        name="clockify_daily_checks",
        job=jobs.clockify_checks,
        cron_schedule="0 6 * * *",
        execution_timezone=settings.timezone,
        description="All checks, an hour after the daily refresh, and the comparison with Clockify's totals.",
    )
    return [clockify_daily_refresh, weekly, checks]


def _due(settings: Settings, warehouse: WarehouseResource, context: ScheduleEvaluationContext) -> list[Days]:
    """The days to load. A tick has a minute, so it does not wait long for a file in use; the runs themselves do."""
    try:
        return pending_days(settings, warehouse.within(_PATIENCE_SECONDS))
    except DatabaseLockedError as error:
        context.log.warning(f"Only the update window is loaded this time, without days that were never loaded: {error}")
        return [update_window(settings)]
