"""When Dagster refreshes by itself. Both schedules are off until somebody turns them on."""

from collections.abc import Iterator

from dagster import RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from clockify_dagster.defs import jobs
from clockify_dagster.defs.failures import told
from clockify_dagster.defs.partitions import pending_days
from clockify_dagster.defs.resources import WarehouseResource
from clockify_dagster.settings import Settings


def all_schedules(settings: Settings) -> list[ScheduleDefinition]:
    """The daily refresh at five in the morning and the integral tables on Sundays at two, by the settings' zone."""

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
            for days in pending_days(Settings.load(), warehouse.warehouse):
                yield RunRequest(run_key=f"{tick} {days}", tags=dict(days.tags))

    weekly = ScheduleDefinition(
        name="clockify_weekly_integral",
        job=jobs.clockify_time_entries_integral,
        cron_schedule="0 2 * * 0",
        execution_timezone=settings.timezone,
        description="All time entries, read again whole.",
    )
    return [clockify_daily_refresh, weekly]
