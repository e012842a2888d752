"""The assets of tables that are replaced whole."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from dagster import AssetExecutionContext, AssetsDefinition, Output, multi_asset

from clockify_dagster.contract import Contract
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.resources import ClockifyResource, WarehouseResource
from clockify_dagster.defs.table_outputs import WORKSPACES_INPUT, asset_options, outputs, refresh_context
from clockify_dagster.refresh import RefreshContext, TablesRead, read_listed_table
from clockify_dagster.warehouse import Load

_PRIORITY = 5  # before the time entries, which refer to these tables


def table_asset(
    contract: Contract, *roots: str, read: Callable[[RefreshContext], TablesRead] = read_listed_table
) -> AssetsDefinition:
    """The asset of these tables and their children, which come from one listing. The step has the first one's name."""
    tables = [table for root in roots for table in contract.family(root)]

    @multi_asset(
        name=roots[0],
        description=tables[0].description,
        ins=WORKSPACES_INPUT,
        **asset_options(tables, priority=_PRIORITY),
    )
    def assets(
        context: AssetExecutionContext,
        clockify: ClockifyResource,
        warehouse: WarehouseResource,
        clockify_workspaces: pd.DataFrame,
    ) -> Iterator[Output[Load]]:
        """Every row that Clockify lists in any workspace."""
        metadata: dict[str, Any] = {}
        with error_boundary(metadata), clockify.counting_requests(metadata):
            result = read(
                refresh_context(
                    context, clockify, warehouse.warehouse_of(contract), clockify_workspaces, table=roots[0]
                )
            )
        metadata.update(_refusals(context, roots[0], result.refused))
        for load in result.loads:
            yield from outputs(context, load, metadata)
        for fault in result.faults:
            with error_boundary(metadata):
                raise fault

    return assets


def _refusals(context: AssetExecutionContext, table: str, refused: dict[str, str]) -> dict[str, Any]:
    """What the log and the asset's page say of workspaces that do not have the table."""
    if not refused:
        return {}
    reasons = "; ".join(f"workspace {workspace}: {why}" for workspace, why in refused.items())
    context.log.warning(
        f"{table} is not on this plan or not for this key's role; its rows stay as they are ({reasons})"
    )
    return {"not on this plan": refused}
