"""How Dagster knows a table, made from the contract, and how a load becomes outputs with their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetKey,
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
from clockify_dagster.warehouse.ddl import SCHEMA

ROWS = "rows loaded"
"""The name of the metadata that says how many rows a write brought, of all its days together."""

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


def outputs(context: AssetExecutionContext, load: Load, metadata: Mapping[str, Any]) -> Iterator[Output[Load]]:
    """The load as the output of each selected table of its family; the IO manager writes it once."""
    for fault in load.staging.faults:
        context.log.warning(str(fault))
    for table in load.staging.family:
        if table.name in context.op_execution_context.selected_output_names:
            lines = [f"- {fault}" for fault in load.staging.faults if fault.table == table.name]
            faults = {"values that did not fit": MetadataValue.md("\n".join(lines))} if lines else {}
            yield Output(load, output_name=table.name, metadata={**metadata, **faults})


def rows_metadata(table: str, rows: int, *, is_partitioned: bool) -> dict[str, Any]:
    """What is known of a table after a write of so many rows.

    They must not pass for the rows of a day: Dagster copies this to each day of a range, and a refresh of a day brings
    along what has changed in other days.
    """
    counts = {ROWS: rows} if is_partitioned else {ROWS: rows, "dagster/row_count": rows}
    return {**counts, "dagster/table_name": f"{SCHEMA}.{table}", "dagster/storage_kind": "duckdb"}


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
