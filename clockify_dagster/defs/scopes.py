"""What a refresh of entries is about, by the settings of the run."""

from dagster import AssetExecutionContext
from pandas import DataFrame

from clockify_dagster.api import ClockifyClient
from clockify_dagster.defs.partitions import Days
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.refresh import Scope


def scope_of(
    root: str,
    client: ClockifyClient,
    context: AssetExecutionContext,
    clockify: ClockifyResource,
    warehouse: WarehouseResource,
    workspaces: DataFrame,
    days: Days | None = None,
) -> Scope:
    """The scope of refreshing these days of a table of entries, or without days all of time.

    `workspaces` has the columns id and name, of text. Raises `SettingsError` where CLOCKIFY_WORKSPACES names another.
    """
    settings = clockify.settings
    zone = settings.zone
    return Scope(
        client=client,
        warehouse=warehouse.warehouse,
        root=root,
        workspaces=clockify.chosen(workspaces),
        span=days.span(zone) if days else None,
        limits=Days(settings.start_date, settings.today).span(zone) if days else None,
        concurrency=settings.concurrency,
        entries_from=settings.entries_from,
        log=context.log,
    )
