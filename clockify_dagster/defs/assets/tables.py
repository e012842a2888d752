"""The assets of tables: one step for each family, or for several families that come from one listing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from dagster import AssetExecutionContext, AssetsDefinition, multi_asset

from clockify_dagster.contract import Contract
from clockify_dagster.defs.error_boundary import error_boundary
from clockify_dagster.defs.io_manager import WarehouseResource
from clockify_dagster.defs.partitions import Calendar, days_of
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.table_outputs import WORKSPACES_INPUT, Event, asset_options, outputs
from clockify_dagster.errors import located
from clockify_dagster.refresh import RefreshContext, RefreshResult, read_listed_table


def table_asset(
    contract: Contract,
    root: str,
    *,
    also: Sequence[str] = (),
    read: Callable[[RefreshContext], RefreshResult] = read_listed_table,
    calendar: Calendar | None = None,
    priority: int = 5,
) -> AssetsDefinition:
    """The asset of a table and its children, and of others that come from the same listing, with theirs.

    With a calendar, its days are the partitions, and a run reads those that its tags name.
    """
    tables = [table for name in (root, *also) for table in contract.family(name)]
    partitions = calendar.partitions if calendar else None

    @multi_asset(ins=WORKSPACES_INPUT, **asset_options(tables, priority=priority, partitions=partitions))
    def assets(
        context: AssetExecutionContext,
        clockify: ClockifyResource,
        warehouse: WarehouseResource,
        clockify_workspaces: pd.DataFrame,
    ) -> Iterator[Event]:
        metadata: dict[str, Any] = {}
        with error_boundary(metadata), clockify.counting_requests(metadata):
            days = days_of(context.run.tags, calendar) if calendar else None
            refresh = RefreshContext(
                client=clockify.client,
                warehouse=warehouse.warehouse(contract),
                table=root,
                workspaces=clockify.chosen(clockify_workspaces),
                span=days.span(calendar.zone) if days and calendar else None,
                zone=calendar.zone if calendar else ZoneInfo("UTC"),
                limits=calendar.limits if calendar else None,
                concurrency=clockify.settings.concurrency,
                log=context.log,
            )
            with located(day=str(days) if days else None):
                result = read(refresh)
        metadata.update(result.numbers)
        if result.refused:
            reasons = "; ".join(f"workspace {workspace}: {why}" for workspace, why in result.refused.items())
            context.log.warning(
                f"{root} is not on this plan or not for this key's role; its rows stay as they are ({reasons})"
            )
            metadata["not on this plan"] = dict(result.refused)
        for load in result.loads:
            yield from outputs(context, load, metadata)
        for fault in result.faults:
            with error_boundary(metadata):
                raise fault

    return assets
