"""Time entries and their tags by day: a refreshed day is the account's day."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetsDefinition,
    DailyPartitionsDefinition,
    Output,
    multi_asset,
)

from clockify_dagster.defs.failures import told
from clockify_dagster.defs.partitions import days_of
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.defs.scopes import scope_of
from clockify_dagster.defs.table_assets import WORKSPACES, asset_options, outputs, refreshing
from clockify_dagster.errors import located
from clockify_dagster.refresh import refresh_span
from clockify_dagster.warehouse import Load

ENTRIES = "clockify_timeentries"


def time_entry_assets(partitions: DailyPartitionsDefinition) -> AssetsDefinition:
    """The assets, with the given days as their partitions."""

    @multi_asset(
        name=ENTRIES,
        ins={WORKSPACES: AssetIn(metadata={"columns": ["id", "name"]})},
        **asset_options(ENTRIES, group="time_entries", partitions=partitions),
    )
    def clockify_timeentries(
        context: AssetExecutionContext,
        clockify: ClockifyResource,
        warehouse: WarehouseResource,
        clockify_workspaces: pd.DataFrame,
    ) -> Iterator[Output[Load]]:
        """Every entry of every user that starts on these days, and what has changed elsewhere since."""
        metadata: dict[str, Any] = {}
        with refreshing(ENTRIES, context, clockify, warehouse):
            with told(metadata), clockify.counted(metadata) as client:
                days = days_of(context.run.tags, clockify.settings)
                scope = scope_of(ENTRIES, client, context, clockify, warehouse, clockify_workspaces, days)
                with located(day=str(days)):
                    load, facts = refresh_span(scope)
            yield from outputs(context, load, {**metadata, **facts})

    return clockify_timeentries
