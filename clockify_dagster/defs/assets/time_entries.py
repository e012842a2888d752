"""Time entries and their tags, twice: by day, where a refreshed day is the account's day; and whole (integral)."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from dagster import AssetExecutionContext, AssetsDefinition, Output, multi_asset

from clockify_dagster.contract import Contract
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.partitions import Calendar, days_of
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.defs.table_outputs import WORKSPACES_INPUT, asset_options, outputs, refresh_context
from clockify_dagster.errors import located
from clockify_dagster.refresh import refresh_everything, refresh_span
from clockify_dagster.warehouse import Load


def daily_entries_asset(contract: Contract, root: str, calendar: Calendar) -> AssetsDefinition:
    """The asset of the entries by day, with the calendar's days as partitions."""

    @multi_asset(
        name=root,
        ins=WORKSPACES_INPUT,
        **asset_options(contract.family(root), partitions=calendar.partitions),
    )
    def clockify_timeentries(
        context: AssetExecutionContext,
        clockify: ClockifyResource,
        warehouse: WarehouseResource,
        clockify_workspaces: pd.DataFrame,
    ) -> Iterator[Output[Load]]:
        """Every entry of every user that starts on these days, and what has changed elsewhere since."""
        metadata: dict[str, Any] = {}
        with error_boundary(metadata), clockify.counting_requests(metadata):
            days = days_of(context.run.tags, calendar)
            with located(day=str(days)):
                load, facts = refresh_span(
                    refresh_context(
                        context,
                        clockify,
                        warehouse.warehouse_of(contract),
                        clockify_workspaces,
                        table=root,
                        span=days.span(calendar.zone),
                        limits=calendar.limits,
                    )
                )
        yield from outputs(context, load, {**metadata, **facts.numbers})

    return clockify_timeentries


def integral_entries_asset(contract: Contract, root: str) -> AssetsDefinition:
    """The asset of all entries there are, read again whole: it needs no state and heals everything."""

    @multi_asset(name=root, ins=WORKSPACES_INPUT, **asset_options(contract.family(root)))
    def clockify_timeentries_integral(
        context: AssetExecutionContext,
        clockify: ClockifyResource,
        warehouse: WarehouseResource,
        clockify_workspaces: pd.DataFrame,
    ) -> Iterator[Output[Load]]:
        """Every time entry of every user with its tags, of all days, future ones too."""
        metadata: dict[str, Any] = {}
        with error_boundary(metadata), clockify.counting_requests(metadata):
            load = refresh_everything(
                refresh_context(context, clockify, warehouse.warehouse_of(contract), clockify_workspaces, table=root)
            )
        yield from outputs(context, load, metadata)

    return clockify_timeentries_integral
