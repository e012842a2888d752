"""All time entries there are, read again whole: the pipeline that needs no memory and heals everything."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from dagster import AssetExecutionContext, AssetIn, Output, multi_asset

from clockify_dagster.defs.failures import told
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.defs.scopes import scope_of
from clockify_dagster.defs.table_assets import WORKSPACES, asset_options, outputs, refreshing
from clockify_dagster.refresh import refresh_everything
from clockify_dagster.warehouse import Load

INTEGRAL = "clockify_timeentries_integral"


@multi_asset(
    name=INTEGRAL,
    ins={WORKSPACES: AssetIn(metadata={"columns": ["id", "name"]})},
    **asset_options(INTEGRAL, group="time_entries_integral"),
)
def clockify_timeentries_integral(
    context: AssetExecutionContext,
    clockify: ClockifyResource,
    warehouse: WarehouseResource,
    clockify_workspaces: pd.DataFrame,
) -> Iterator[Output[Load]]:
    """Every time entry of every user with its tags, of all days, future ones too."""
    metadata: dict[str, Any] = {}
    with refreshing(INTEGRAL, context, clockify, warehouse):
        with told(metadata), clockify.counted(metadata) as client:
            scope = scope_of(INTEGRAL, client, context, clockify, warehouse, clockify_workspaces)
            load = refresh_everything(scope)
        yield from outputs(context, load, metadata)
