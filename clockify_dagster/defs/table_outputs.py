"""How Dagster knows a table, made from the contract, and how a load becomes outputs with their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetOut,
    BackfillPolicy,
    MetadataValue,
    Output,
    PartitionsDefinition,
    TableColumn,
    TableColumnConstraints,
    TableConstraints,
    TableSchema,
)

from clockify_dagster.contract import WORKSPACES, Column, Table
from clockify_dagster.warehouse import Load
from clockify_dagster.warehouse.day_numbers import DayNumbers
from clockify_dagster.warehouse.ddl import SCHEMA

ROWS = "rows loaded"
"""The name of the metadata that says how many rows a run wrote, of all its days together."""

PARTITION_ROWS = "dagster/partition_row_count"
"""Dagster's name for the rows of one partition."""

Event: TypeAlias = Output[Load] | AssetMaterialization | AssetObservation
"""What a step gives to Dagster."""

WORKSPACES_INPUT = {WORKSPACES: AssetIn(metadata={"columns": ["id", "name", "features"]})}
"""What an asset that reads all workspaces takes: a frame with the columns id, name and features, all of text."""


def asset_options(
    tables: Sequence[Table], *, priority: int, partitions: PartitionsDefinition[Any] | None = None
) -> dict[str, Any]:
    """What `multi_asset` is given about the tables that one step fills. Any of them may be selected alone."""
    return {
        "name": tables[0].name,
        "description": tables[0].description,
        "outs": {table.name: _out(table) for table in tables},
        "internal_asset_deps": {
            table.name: {AssetKey(name) for name in (WORKSPACES, table.parent) if name and name != table.name}
            for table in tables
        },
        "can_subset": True,
        "partitions_def": partitions,
        # a range of days is one run also where tables without partitions are among the selected ones
        "backfill_policy": BackfillPolicy.single_run(),
        "op_tags": {"dagster/priority": str(priority)},
    }


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any]) -> Iterator[Event]:
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
        about = {**of_run[table], **table_metadata(load, table)}
        if is_by_day:
            yield AssetObservation(keys[table], metadata=about)
        elif table not in chosen:
            yield AssetMaterialization(keys[table], metadata=about)
        for day, numbers in load.by_day.get(table, {}).items():
            if table not in chosen:
                yield AssetMaterialization(keys[table], partition=day.isoformat(), metadata=day_metadata(numbers))


def table_metadata(load: Load, table: str) -> dict[str, Any]:
    """What is known of a table once the load is written: the rows that came in, and those that it has in all."""
    return {
        ROWS: (load.written or {}).get(table, 0),
        "dagster/row_count": load.held.get(table),
        **place_of(table),
    }


def place_of(table: str) -> dict[str, str]:
    """Where a table is, by the names that Dagster knows."""
    return {"dagster/table_name": f"{SCHEMA}.{table}", "dagster/storage_kind": "duckdb"}


def day_metadata(numbers: DayNumbers) -> dict[str, Any]:
    """The numbers of a day, by the names that Dagster knows."""
    return {PARTITION_ROWS if name == "rows" else name: number for name, number in numbers.items()}


def _faults(load: Load, table: str) -> dict[str, Any]:
    lines = [f"- {fault}" for fault in load.staging.faults if fault.table == table]
    return {"values that did not fit": MetadataValue.md("\n".join(lines))} if lines else {}


def _out(table: Table) -> AssetOut:
    other = [f"primary key: {', '.join(table.primary_key)}"]
    if table.parent:
        other.append(f"rows belong to {table.parent}, by {table.columns[0].name}")
    columns = [_column(table, column) for column in table.columns]
    metadata = {
        "dagster/column_schema": TableSchema(columns, constraints=TableConstraints(other=other)),
        "dagster/table_name": f"{SCHEMA}.{table.name}",
        "pipeline": table.pipeline,
    }
    return AssetOut(
        key=AssetKey(table.name),
        description=table.description,
        group_name=table.group,
        kinds={"clockify", "duckdb", "pandas"},
        metadata=metadata | ({"partition_expr": table.partition_column} if table.partition_column else {}),
        is_required=False,
    )


def _column(table: Table, column: Column) -> TableColumn:
    reference = table.references.get(column.name)
    return TableColumn(
        column.name,
        type=column.type.sql,
        description=column.description,
        constraints=TableColumnConstraints(
            nullable=column.name not in table.never_null,
            unique=table.primary_key == (column.name,),
            other=[] if reference is None else [f"references {reference.table}.{reference.column}"],
        ),
    )
