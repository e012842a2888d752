"""The job and the schedule that a lake needs; none where the tables are in a file."""

from collections.abc import Iterator

from dagster import JobDefinition, OpExecutionContext, Output, ScheduleDefinition, graph, op

from clockify_dagster.defs.account import Account
from clockify_dagster.defs.error_boundary import error_boundary

MAINTENANCE = "lake_maintenance"


def maintenance_job(account: Account, keep_days: int) -> JobDefinition:
    """The job: fewer, larger files, and an end to what is older than days."""

    @op(name=account.named("maintain_lake"), required_resource_keys={account.warehouse_key})
    def maintain_lake(context: OpExecutionContext) -> Iterator[Output[None]]:
        from clockify_dagster.warehouse.lake_maintenance import maintain

        with error_boundary():
            lake = account.warehouse(context.resources).warehouse(account.contract).database
            done = maintain(lake, keep_days)
        context.log.info(", ".join(f"{number} {what}" for what, number in done.items()))
        yield Output(None, metadata={**done, "days kept": keep_days})

    @graph(name=account.named(MAINTENANCE))
    def maintenance() -> None:
        maintain_lake()

    return maintenance.to_job(
        description=f"Merges the lake's small files, and deletes what was replaced more than {keep_days} days ago."
    )


def maintenance_schedule(account: Account, job: JobDefinition) -> ScheduleDefinition:
    """Every night at three, off until somebody turns it on."""
    return ScheduleDefinition(
        name=account.named(f"nightly_{MAINTENANCE}"),
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone=account.calendar.timezone,
        description="Fewer, larger files in the lake, and an end to what nobody reads any more.",
    )
