"""The outputs of a step that loads tables, and their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetMaterialization,
    AssetObservation,
    AssetOut,
    BackfillPolicy,
    MetadataValue,
    Output,
    PartitionsDefinition,
)

from clockify_dagster.contract import WORKSPACES, Table
from clockify_dagster.defs.account import Account
from clockify_dagster.defs.resources import WORKSPACE_COLUMNS
from clockify_dagster.defs.table_specs import day_metadata, table_metadata
from clockify_dagster.warehouse import Load

Event: TypeAlias = Output[Load] | AssetMaterialization | AssetObservation
"""What a step gives to Dagster."""


def asset_options(
    account: Account, tables: Sequence[Table], *, priority: int, partitions: PartitionsDefinition[Any] | None = None
) -> dict[str, Any]:
    """What `multi_asset` is given about the tables that one step fills. Any of them may be selected alone."""
    return {
        "name": account.step(tables[0].name),
        "description": tables[0].description,
        "outs": {
            table.name: AssetOut.from_spec(
                account.specs[table.name], is_required=False, io_manager_key=account.warehouse_key
            )
            for table in tables
        },
        "internal_asset_deps": {
            table.name: {account.key(name) for name in (WORKSPACES, table.parent) if name and name != table.name}
            for table in tables
        },
        "required_resource_keys": account.resource_keys,
        "can_subset": True,
        "partitions_def": partitions,
        # a range of days is one run also where tables without partitions are among the selected ones
        "backfill_policy": BackfillPolicy.single_run(),
        "op_tags": {"dagster/priority": str(priority)},
    }


def workspaces_input(account: Account) -> dict[str, AssetIn]:
    """What an asset that reads all workspaces takes: a frame with the columns `WORKSPACE_COLUMNS`."""
    return {WORKSPACES: AssetIn(key=account.key(WORKSPACES), metadata={"columns": WORKSPACE_COLUMNS})}


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any], schema: str) -> Iterator[Event]:
    """The load as the output of each selected table of its family; the IO manager writes it once.

    That writes the other tables of the family as well, so these get their materializations, too. The metadata, which is
    about the run, goes to the first table: into its materialization or, where each day has one, into an observation.
    """
    for fault in load.staging.faults:
        context.log.warning(str(fault))
    tables = [table.name for table in load.staging.family]
    chosen = [table for table in tables if table in context.op_execution_context.selected_output_names]
    if not chosen:
        load.staging.close()
        return
    of_run = {table: {**(metadata if table == tables[0] else {}), **_faults(load, table)} for table in tables}
    keys, is_by_day = context.assets_def.node_keys_by_output_name, context.assets_def.partitions_def is not None
    for table in chosen:
        yield Output(load, output_name=table, metadata={} if is_by_day else of_run[table])
    for table in tables:
        about = {**of_run[table], **table_metadata(load, table, schema)}
        if is_by_day:
            yield AssetObservation(keys[table], metadata=about)
        elif table not in chosen:
            yield AssetMaterialization(keys[table], metadata=about)
        # of the run's own days, a chosen table has its materializations from Dagster
        days = {**load.earlier.get(table, {}), **({} if table in chosen else load.by_day.get(table, {}))}
        for day, numbers in days.items():
            yield AssetMaterialization(keys[table], partition=day.isoformat(), metadata=day_metadata(numbers))


def _faults(load: Load, table: str) -> dict[str, Any]:
    lines = [f"- {fault}" for fault in load.staging.faults if fault.table == table]
    return {"values that did not fit": MetadataValue.md("\n".join(lines))} if lines else {}
