"""What assets of tables have in common: how Dagster knows them, and how a load becomes their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetOut,
    BackfillPolicy,
    FreshnessPolicy,
    Output,
    PartitionsDefinition,
)

from clockify_dagster.contract import WORKSPACES, Table
from clockify_dagster.defs.metadata import faults_metadata, table_metadata
from clockify_dagster.warehouse import Load
from clockify_dagster.warehouse.audit import longest_age

WORKSPACES_INPUT = {WORKSPACES: AssetIn(metadata={"columns": ["id", "name", "features"]})}
"""What an asset that reads all workspaces takes: a frame with the columns id, name and features, all of text."""


def asset_options(
    tables: Sequence[Table], *, priority: int = 0, partitions: PartitionsDefinition[Any] | None = None
) -> dict[str, Any]:
    """What `multi_asset` is given about the tables that one step fills. Any of them may be selected alone."""
    return {
        "outs": {table.name: _out(table) for table in tables},
        "internal_asset_deps": {table.name: _upstream(table) for table in tables},
        "can_subset": True,
        "partitions_def": partitions,
        # a range of days is one run also where tables without partitions are among the selected ones
        "backfill_policy": BackfillPolicy.single_run(),
        "op_tags": {"dagster/priority": str(priority)},
    }


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any]) -> Iterator[Output[Load]]:
    """The load as the output of each selected table of its family; the IO manager writes it once."""
    for fault in load.staging.faults:
        context.log.warning(str(fault))
    selected = context.op_execution_context.selected_output_names
    for table in load.staging.family:
        if table.name in selected:
            shown = {**metadata, **faults_metadata(table.name, load.staging.faults)}
            yield Output(load, output_name=table.name, metadata=shown)


def _out(table: Table) -> AssetOut:
    return AssetOut(
        key=AssetKey(table.name),
        description=table.description,
        group_name=table.group,
        kinds={"clockify", "duckdb", "pandas"},
        metadata=table_metadata(table),
        is_required=False,
        freshness_policy=FreshnessPolicy.time_window(fail_window=longest_age(table)),
    )


def _upstream(table: Table) -> set[AssetKey]:
    names = {WORKSPACES, table.parent} - {table.name, None}
    return {AssetKey(name) for name in names if name is not None}
