"""The outputs of a step that loads tables, and their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetOut,
    BackfillPolicy,
    MetadataValue,
    Output,
    PartitionsDefinition,
)

from clockify_dagster.contract import WORKSPACES, Table
from clockify_dagster.defs.account import Account
from clockify_dagster.warehouse import Load


def asset_options(
    account: Account, tables: Sequence[Table], *, priority: int, partitions: PartitionsDefinition[Any] | None = None
) -> dict[str, Any]:
    """What `multi_asset` is given about the tables that one step fills. Any of them may be selected alone."""
    upstream = {table.name: [name for name in (WORKSPACES, table.parent) if name != table.name] for table in tables}
    return {
        "name": account.step(tables[0].name),
        "description": tables[0].description,
        "outs": {
            table.name: AssetOut.from_spec(
                account.specs[table.name], is_required=False, io_manager_key=account.warehouse_key
            )
            for table in tables
        },
        "internal_asset_deps": {name: {account.key(up) for up in ups if up} for name, ups in upstream.items()},
        "required_resource_keys": account.resource_keys,
        "can_subset": True,
        "partitions_def": partitions,
        # a range of days is one run also where tables without partitions are among the selected ones
        "backfill_policy": BackfillPolicy.single_run(),
        "op_tags": {"dagster/priority": str(priority)},
    }


def workspaces_input(account: Account) -> dict[str, AssetIn]:
    """What an asset that reads all workspaces takes: a frame with the columns id, name and features, all of text."""
    return {WORKSPACES: AssetIn(key=account.key(WORKSPACES), metadata={"columns": ["id", "name", "features"]})}


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any]) -> Iterator[Output[Load]]:
    """The load as the output of each selected table of its family; the IO manager writes it once."""
    for fault in load.staging.faults:
        context.log.warning(str(fault))
    for table in load.staging.family:
        if table.name in context.op_execution_context.selected_output_names:
            lines = [f"- {fault}" for fault in load.staging.faults if fault.table == table.name]
            faults = {"values that did not fit": MetadataValue.md("\n".join(lines))} if lines else {}
            yield Output(load, output_name=table.name, metadata={**metadata, **faults})
